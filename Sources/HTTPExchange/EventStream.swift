import JSON
import NIOCore
import Synchronization

/// Server-sent events (WHATWG HTML §9.2): their bytes and the answer that carries them.
package enum EventStream {
  /// What a stream begins with: how long a reader waits before it comes back.
  package static let beginning = ByteBuffer(string: "retry: 3000\n\n")
  /// A comment that breaks a silence.
  package static let heartbeat = ByteBuffer(string: ": still here\n\n")

  /// One event. Without an `id` a reader that comes back names the one before it.
  package static func event(_ name: String, id: String?, _ data: JSON) -> ByteBuffer {
    var text: [UInt8] = Array((id.map { "id: \($0)\n" } ?? "").utf8)
    text.append(contentsOf: "event: \(name)\ndata: ".utf8)
    data.append(to: &text)
    text.append(contentsOf: [0x0A, 0x0A])
    return ByteBuffer(bytes: text)
  }

  /// The id of the last event that a reader saw, who cannot always choose its fields.
  package static func lastEventID(_ request: Request) -> String? {
    request.headers["last-event-id"] ?? request.target.queryValue("lastEventId")
  }

  /// The answer, which nothing on the way may keep or hold back.
  package static func response(_ events: BodyStream) -> Response {
    Response(
      status: 200,
      headers: HeaderFields([
        ("content-type", "text/event-stream"), ("cache-control", "no-store"),
        // nginx would otherwise hold events back until its buffer is full.
        ("x-accel-buffering", "no"),
      ]), body: .stream(events))
  }

  /// What a reader is told for whom there is no place.
  package static let full = Problem(
    status: 503, error: "busy", message: "Too many streams are open",
    headers: HeaderFields([("retry-after", "30")]))
}

/// The places that streams take: so many in all, so many for each owner, none once the program ends.
package final class StreamPlaces: Sendable {
  private struct State {
    var open = 0
    var owners: [String: Int] = [:]
    var isFinished = false
  }

  private let state = Mutex(State())
  private let most: Int
  private let mostEach: Int

  /// Places for that many streams, and for that many of one owner.
  package init(most: Int, each mostEach: Int = .max) {
    self.most = most
    self.mostEach = mostEach
  }

  /// How many streams are open.
  package var open: Int { state.withLock { $0.open } }

  /// Whether the streams are to end.
  package var isFinished: Bool { state.withLock { $0.isFinished } }

  /// Lets nobody in any more.
  package func finish() { state.withLock { $0.isFinished = true } }

  /// A place for as long as the answer is kept, or nil when there is none.
  ///
  /// - Parameter left: what else ends with the stream.
  package func take(
    for owner: String = "", left: @escaping @Sendable () -> Void = {}
  ) -> StreamPlace? {
    let admitted = state.withLock { state -> Bool in
      guard !state.isFinished, state.open < most, state.owners[owner, default: 0] < mostEach
      else { return false }
      state.open += 1
      state.owners[owner, default: 0] += 1
      return true
    }
    guard admitted else { return nil }
    return StreamPlace {
      self.leave(owner)
      left()
    }
  }

  private func leave(_ owner: String) {
    state.withLock { state in
      state.open -= 1
      let rest = state.owners[owner, default: 1] - 1
      state.owners[owner] = rest > 0 ? rest : nil
    }
  }
}

/// One stream's place; it is given back when nothing of the stream lives any more.
package final class StreamPlace: Sendable {
  private let giveBack: @Sendable () -> Void

  init(_ giveBack: @escaping @Sendable () -> Void) { self.giveBack = giveBack }

  deinit { giveBack() }
}
