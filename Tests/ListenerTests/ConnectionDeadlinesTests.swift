import NIOCore
import Testing

@testable import Listener

@Suite("Deadlines of a connection")
struct ConnectionDeadlinesTests {
  private let start = NIODeadline.uptimeNanoseconds(1_000_000_000)

  private func at(_ milliseconds: Int64) -> NIODeadline { start + .milliseconds(milliseconds) }

  private func reading() -> ConnectionDeadlines {
    var limits = ConnectionLimits()
    limits.bodyGraceMS = 1_000
    limits.bodyBytesPerSecond = 1_000
    limits.apiTimeoutMS = 30_000
    var deadlines = ConnectionDeadlines(limits: limits, now: start)
    deadlines.enter(.body, now: start)
    return deadlines
  }

  @Test func `a body that comes too slowly is late`() {
    var deadlines = reading()
    #expect(deadlines.expiry(now: at(999)) == nil)
    #expect(deadlines.expiry(now: at(1_000)) == .late)
    deadlines.progressed(500, now: at(900))
    #expect(deadlines.expiry(now: at(1_499)) == nil)
    #expect(deadlines.expiry(now: at(1_500)) == .late)
  }

  @Test func `the time in which the work has no room is not the client's`() {
    var deadlines = reading()
    deadlines.pause(now: at(600))
    deadlines.pause(now: at(5_000))
    #expect(deadlines.expiry(now: at(10_000)) == nil)
    deadlines.resume(now: at(20_600))
    #expect(deadlines.expiry(now: at(20_999)) == nil)
    #expect(deadlines.expiry(now: at(21_000)) == .late)
  }

  @Test func `work that never makes room is overdue, and a new phase begins without a pause`() {
    var deadlines = reading()
    deadlines.pause(now: at(600))
    #expect(deadlines.expiry(now: at(30_599)) == nil)
    #expect(deadlines.expiry(now: at(30_600)) == .overdue)
    deadlines.enter(.idle, now: at(30_600))
    deadlines.pause(now: at(30_700))
    #expect(deadlines.due == at(30_600) + .milliseconds(Int64(deadlines.limits.idleTimeoutMS)))
  }
}
