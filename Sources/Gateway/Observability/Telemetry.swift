import HTTPExchange

/// Where finished exchanges go: the access log and the metrics.
package struct Telemetry: Sendable {
  package let metrics: Metrics
  private let log: AccessLog?

  package init(metrics: Metrics = Metrics(), log: AccessLog? = nil) {
    self.metrics = metrics
    self.log = log
  }

  func record(_ exchange: CompletedExchange) {
    metrics.record(exchange)
    log?.write(exchange)
  }

  /// Records an answer of the site that lay ready; its exchange is made for the log only.
  func record(
    status: Int, bytes: Int, nanoseconds: Int, _ exchange: () -> CompletedExchange
  ) {
    metrics.recordSite(status: status, bytes: bytes, nanoseconds: nanoseconds)
    log?.write(exchange())
  }
}
