import AsyncHTTPClient
import HTTPExchange
import NIOCore
import NIOHTTP1
import Settings

/// Bounds of calls to upstreams, from `gateway.upstream`.
package struct UpstreamSettings: Sendable, Hashable {
  /// Until a connection stands.
  package var connectTimeoutMS = 2_000
  /// Between two parts of an answer: a silent upstream holds a connection.
  package var idleTimeoutMS = 30_000
  /// A whole answer of the time class `api`, whatever it sends meanwhile.
  package var totalTimeoutMS = 300_000
  /// Connections kept to one host and port.
  package var connectionsPerHost = 64
  /// Answers up to this length are read whole: one write costs less than many.
  package var joinedBytes = 65_536

  package init() {}

  /// Reads `gateway.upstream`.
  package init(_ reader: SettingsReader) {
    self.init()
    connectTimeoutMS = reader.int(
      "connect_timeout_ms", default: connectTimeoutMS, in: 10...60_000)
    idleTimeoutMS = reader.int("idle_timeout_ms", default: idleTimeoutMS, in: 50...900_000)
    totalTimeoutMS = reader.int("total_timeout_ms", default: totalTimeoutMS, in: 50...3_600_000)
    connectionsPerHost = reader.int(
      "connections_per_host", default: connectionsPerHost, in: 1...10_000)
    joinedBytes = reader.int("joined_bytes", default: joinedBytes, in: 0...10_485_760)
  }
}

/// Connections to upstreams; whoever makes it shuts it down.
package final class UpstreamPool: Sendable {
  let client: HTTPClient
  let settings: UpstreamSettings

  /// A pool on the event loops of the listener, so that an exchange stays on few threads.
  package init(_ settings: UpstreamSettings = UpstreamSettings(), group: any EventLoopGroup) {
    self.settings = settings
    var configuration = HTTPClient.Configuration()
    configuration.timeout = HTTPClient.Configuration.Timeout(
      connect: .milliseconds(Int64(settings.connectTimeoutMS)),
      read: .milliseconds(Int64(settings.idleTimeoutMS)))
    // A redirect is the client's business; following it would let an upstream choose our targets.
    configuration.redirectConfiguration = .disallow
    configuration.decompression = .disabled
    // Traces are passed on in the request's fields; spans would be made for nobody.
    configuration.tracing.tracer = nil
    configuration.httpVersion = .http1Only
    configuration.connectionPool.retryConnectionEstablishment = false
    configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit =
      settings.connectionsPerHost
    client = HTTPClient(eventLoopGroup: group, configuration: configuration)
  }

  /// The integration of one upstream.
  package func integration(uri: String, method: String?, timeoutMS: Int) -> any Integration {
    UpstreamIntegration(
      pool: self, target: UpstreamTarget(uri), method: method, firstByteMS: timeoutMS)
  }

  /// Closes every connection.
  package func shutdown() async throws { try await client.shutdown() }
}
