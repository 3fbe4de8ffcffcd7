import HTTPExchange
import Synchronization
import Time

/// Counters and latencies under CloudWatch's names by route key, in Prometheus' text form.
package final class Metrics: Sendable {
  /// Upper bounds of the latency histogram in milliseconds.
  private static let bounds = [
    1, 2, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 30_000,
  ]
  /// Route keys come from documents, so this bound is met only by a mistake of ours.
  private static let maximumRoutes = 1_000

  private struct Series {
    var count = 0
    var clientErrors = 0
    var serverErrors = 0
    var bytes = 0
    var hits = 0
    var misses = 0
    var throttles = 0
    var latencyMS = 0.0
    var buckets = [Int](repeating: 0, count: Metrics.bounds.count + 1)
    var integrationMS = 0.0
    var integrations = 0

    mutating func add(_ exchange: CompletedExchange) {
      add(
        status: exchange.status, bytes: exchange.bytesIn + exchange.bytesOut,
        nanoseconds: exchange.nanoseconds)
      switch exchange.notes.cache {
      case "hit", "stale": hits += 1
      // Nothing was looked up: neither a hit nor a miss.
      case "", "bypass", "method", "off": break
      default: misses += 1
      }
      if let latency = exchange.notes.integrationLatency {
        integrationMS += latency / .milliseconds(1)
        integrations += 1
      }
    }

    mutating func add(status: Int, bytes: Int, nanoseconds: Int) {
      count += 1
      if (400...499).contains(status) { clientErrors += 1 }
      if status >= 500 { serverErrors += 1 }
      if status == 429 { throttles += 1 }
      self.bytes += bytes
      latencyMS += Double(nanoseconds) / 1_000_000
      var at = 0
      while at < Metrics.bounds.count, nanoseconds > Metrics.bounds[at] * 1_000_000 { at += 1 }
      buckets[at] += 1
    }
  }

  // Spread over shards so that event loops seldom meet; they are added up when someone asks.
  private let shards: [Shard]

  private final class Shard: Sendable {
    let series = Mutex<[String: Series]>([:])
    /// The site's, which is counted most.
    let site = Mutex(Series())
  }

  package init() { shards = (0..<8).map { _ in Shard() } }

  /// Counts one finished exchange.
  package func record(_ exchange: CompletedExchange) {
    let route = exchange.notes.routeKey
    let shard = shards[Int(exchange.context.startedAt.nanoseconds >> 10 & 7)]
    if route.isEmpty { return shard.site.withLock { $0.add(exchange) } }
    shard.series.withLock { series in
      if let index = series.index(forKey: route) {
        series.values[index].add(exchange)
      } else if series.count < Self.maximumRoutes {
        var first = Series()
        first.add(exchange)
        series[route] = first
      }
    }
  }

  /// Counts one answer of the site.
  func recordSite(status: Int, bytes: Int, nanoseconds: Int) {
    shards[nanoseconds & 7].site.withLock {
      $0.add(status: status, bytes: bytes, nanoseconds: nanoseconds)
    }
  }

  private var sums: [String: Series] {
    var sums: [String: Series] = [:]
    for shard in shards {
      let site = shard.site.withLock { $0 }
      if site.count > 0 { sums["site"] = sums["site"].map { Self.sum($0, site) } ?? site }
      for (route, part) in shard.series.withLock({ $0 }) {
        sums[route] = sums[route].map { Self.sum($0, part) } ?? part
      }
    }
    return sums
  }

  private static func sum(_ a: Series, _ b: Series) -> Series {
    var out = a
    out.count += b.count
    out.clientErrors += b.clientErrors
    out.serverErrors += b.serverErrors
    out.bytes += b.bytes
    out.hits += b.hits
    out.misses += b.misses
    out.throttles += b.throttles
    out.latencyMS += b.latencyMS
    out.integrationMS += b.integrationMS
    out.integrations += b.integrations
    for index in out.buckets.indices { out.buckets[index] += b.buckets[index] }
    return out
  }

  /// The text that a Prometheus server reads (exposition format 0.0.4).
  package func render() -> String {
    let sums = sums.sorted { $0.key < $1.key }
    var out = ""
    func counter(_ name: String, _ help: String, _ value: (Series) -> Int) {
      out += "# HELP \(name) \(help)\n# TYPE \(name) counter\n"
      for (route, series) in sums { out += "\(name){\(Self.label(route))} \(value(series))\n" }
    }
    counter("apigateway_count_total", "Count: requests.") { $0.count }
    counter("apigateway_4xx_total", "4xx: answers that blame the client.") { $0.clientErrors }
    counter("apigateway_5xx_total", "5xx: answers that blame the server.") { $0.serverErrors }
    counter("apigateway_throttle_total", "Answers of status 429.") { $0.throttles }
    counter("apigateway_data_processed_bytes_total", "DataProcessed.") { $0.bytes }
    counter("apigateway_cache_hit_total", "CacheHitCount.") { $0.hits }
    counter("apigateway_cache_miss_total", "CacheMissCount.") { $0.misses }
    out += "# HELP apigateway_latency_ms Latency.\n# TYPE apigateway_latency_ms histogram\n"
    for (route, series) in sums { out += Self.histogram(route, series) }
    out += "# HELP apigateway_integration_latency_ms IntegrationLatency.\n"
    out += "# TYPE apigateway_integration_latency_ms summary\n"
    for (route, series) in sums where series.integrations > 0 {
      let name = "apigateway_integration_latency_ms"
      out += "\(name)_sum{\(Self.label(route))} \(series.integrationMS)\n"
      out += "\(name)_count{\(Self.label(route))} \(series.integrations)\n"
    }
    return out
  }

  private static func histogram(_ route: String, _ series: Series) -> String {
    let name = "apigateway_latency_ms"
    var out = ""
    var total = 0
    for (bound, count) in zip(bounds, series.buckets) {
      total += count
      out += "\(name)_bucket{\(label(route)),le=\"\(bound)\"} \(total)\n"
    }
    out += "\(name)_bucket{\(label(route)),le=\"+Inf\"} \(series.count)\n"
    out += "\(name)_sum{\(label(route))} \(series.latencyMS)\n"
    out += "\(name)_count{\(label(route))} \(series.count)\n"
    return out
  }

  private static func label(_ route: String) -> String {
    let escaped = route.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
    return "route=\"\(escaped)\""
  }
}
