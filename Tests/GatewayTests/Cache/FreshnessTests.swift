import HTTPExchange
import Testing
import Time

@testable import Gateway

@Suite("Freshness") struct FreshnessTests {
  /// Sun, 06 Nov 1994 08:49:37 GMT.
  private let received = Timestamp(seconds: 784_111_777)
  private static let date = "Sun, 06 Nov 1994 08:49:37 GMT"

  private func lifetime(_ fields: [(String, String)], status: Int = 200) -> Lifetime {
    let headers = HeaderFields(fields)
    return Freshness.lifetime(
      status: status, headers: headers, directives: AnswerDirectives(headers), received: received)
  }

  private func seconds(ago: Int) -> String { HTTPDate.format(received - .seconds(ago)) }

  @Test("the order of what says how long") func order() {
    let expires = ("expires", HTTPDate.format(received + .seconds(50)))
    #expect(lifetime([("cache-control", "s-maxage=9, max-age=5"), expires]).seconds == 9)
    #expect(lifetime([("cache-control", "max-age=5"), expires]).seconds == 5)
    #expect(lifetime([("cache-control", "max-age=0"), expires]).seconds == 0)
    #expect(lifetime([("cache-control", "s-maxage=9, max-age=0")]).seconds == 9)
    #expect(lifetime([expires, ("date", Self.date)]) == Lifetime(seconds: 50, basis: .expires))
    #expect(lifetime([("cdn-cache-control", "max-age=7"), expires]).seconds == 7)
    #expect(lifetime([("cdn-cache-control", "public"), expires]).basis == .none)
  }

  @Test(
    "Expires is counted from Date, and what is no date is expired",
    arguments: [
      ("Sun, 06 Nov 1994 08:50:37 GMT", 60), ("sun, 06 nov 1994 08:50:37 gmt", 60),
      ("Sunday, 06-Nov-94 08:50:37 GMT", 60), ("Sun Nov  6 08:50:37 1994", 60),
      ("Sun, 06 Nov 1994 08:50:37 UTC", 0), ("Sun 06 Nov 1994 08:50:37 GMT", 0),
      ("Sun, 06 Nov 94 08:50:37 GMT", 0), ("Sun,  06 Nov 1994 08:50:37 GMT", 0),
      ("Sun, 06-Nov-1994 08:50:37 GMT", 0), ("Sun, 06 Nov 1994 08.50.37 GMT", 0),
      ("Sun, 06 Nov 1994 8:50:37 GMT", 0), ("0", 0), ("", 0),
    ])
  func expires(text: String, expected: Int) {
    #expect(lifetime([("expires", text), ("date", Self.date)]).seconds == expected)
    #expect(lifetime([("expires", text)]).seconds == expected)
    #expect(lifetime([("expires", text), ("expires", text)]).seconds == 0)
  }

  @Test(
    "a tenth of the time since the last change, for statuses that allow it",
    arguments: [
      (200, "", 100), (404, "", 100), (501, "", 100), (201, "", 0), (502, "", 0), (599, "", 0),
      (599, "public", 100), (202, "", 0),
    ])
  func heuristic(status: Int, control: String, expected: Int) {
    let fields = [
      ("last-modified", seconds(ago: 1000)), ("date", Self.date), ("cache-control", control),
    ]
    #expect(lifetime(fields, status: status).seconds == expected)
  }

  @Test("never more than a day, and nothing without Last-Modified") func bounds() {
    let old = ("last-modified", seconds(ago: 100_000_000))
    #expect(lifetime([old]).seconds == Freshness.mostHeuristicSeconds)
    #expect(lifetime([]) == Lifetime(seconds: 0, basis: .none))
    #expect(lifetime([("last-modified", HTTPDate.format(received + .seconds(9)))]).seconds == 0)
  }

  @Test(
    "Age by the letter",
    arguments: [
      ("7200", 7200), ("7200.0", 0), ("-1", 0), ("abc", 0), ("", 0), ("60, 90", 60),
      ("2147483647", 2_147_483_647), ("99999999999999999999", 2_147_483_647),
    ])
  func age(text: String, expected: Int) {
    #expect(Freshness.age(HeaderFields([("age", text)])) == expected)
  }

  @Test("the age on arrival: the larger of the clock's and the field's with the delay")
  func initial() {
    let requested = received - .seconds(4)
    func age(_ fields: [(String, String)]) -> Int {
      Freshness.initialAge(HeaderFields(fields), requested: requested, received: received)
    }
    #expect(age([]) == 4)
    #expect(age([("age", "10")]) == 14)
    #expect(age([("date", seconds(ago: 100)), ("age", "10")]) == 100)
    #expect(age([("date", HTTPDate.format(received + .seconds(60)))]) == 4)
    #expect(age([("date", "nonsense"), ("age", "10"), ("age", "99")]) == 14)
  }
}
