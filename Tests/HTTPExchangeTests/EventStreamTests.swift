import JSON
import NIOCore
import Synchronization
import Testing

@testable import HTTPExchange

@Suite("Event streams")
struct EventStreamTests {
  @Test func `an event is its id, its name and one line of JSON`() {
    #expect(
      String(buffer: EventStream.event("quote", id: "7", ["text": "a\nb"]))
        == "id: 7\nevent: quote\ndata: {\"text\":\"a\\nb\"}\n\n")
    #expect(
      String(buffer: EventStream.event("order", id: nil, [])) == "event: order\ndata: []\n\n")
  }

  @Test func `the last id comes by field or, from who cannot set one, by query`() {
    var request = Request(
      method: "GET", target: RequestTarget(path: "/stream", query: "lastEventId=3"))
    #expect(EventStream.lastEventID(request) == "3")
    request.headers["last-event-id"] = "4"
    #expect(EventStream.lastEventID(request) == "4")
  }

  @Test func `places are bounded in all and for each owner, and given back`() {
    let places = StreamPlaces(most: 3, each: 2)
    let left = Mutex(0)
    var held = [
      places.take(for: "a") { left.withLock { $0 += 1 } }, places.take(for: "a"),
    ]
    #expect(places.take(for: "a") == nil)
    let other = places.take(for: "b")
    #expect(places.take(for: "c") == nil)
    held.removeFirst()
    #expect(left.withLock { $0 } == 1)
    #expect(places.open == 2)
    #expect(places.take(for: "a") != nil)
    places.finish()
    #expect(places.take(for: "d") == nil)
    #expect(other != nil && held.count == 1)
  }
}
