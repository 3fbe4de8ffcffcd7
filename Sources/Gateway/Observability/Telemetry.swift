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
}
