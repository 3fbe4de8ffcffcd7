// Files for plain reads, without the stages that such a read never meets.

import HTTPExchange

extension Gateway {
  package func instant(_ read: PlainRead) -> InstantAnswer? {
    guard RequestTarget.isCanonical(read.target),
      let resource = site.snapshot.resources[read.target],
      plan.behaviours.isPlainlySite(host: read.host, path: read.target)
    else { return nil }
    return resource.select(read.acceptEncoding).instant
  }

  package func answered(
    _ answer: InstantAnswer, bytesOut: Int, nanoseconds: Int, _ exchange: () -> CompletedExchange
  ) {
    telemetry.record(
      status: answer.status, bytes: bytesOut, nanoseconds: nanoseconds, exchange)
  }
}
