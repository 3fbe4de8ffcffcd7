import Settings

/// Bounds of one connection, each with its unit in its name and its reason beside its default.
package struct ConnectionLimits: Sendable, Hashable {
  /// Request line and fields together; AWS's edge allows 10,240 to 20,480.
  package var headBytes = 16_384
  /// Lines of fields; a browser sends about 20.
  package var headerCount = 100
  /// The target; CloudFront's bound.
  package var targetBytes = 8_192
  /// From the first byte of a head to its last: a slow head is an attack.
  package var headTimeoutMS = 10_000
  /// Between two requests on a kept connection.
  package var idleTimeoutMS = 60_000
  /// A body slower than this, after the grace, is an attack (slow POST).
  package var bodyBytesPerSecond = 256
  /// Time before the rate of a body is looked at.
  package var bodyGraceMS = 5_000
  /// A whole body, however fast it comes: the least rate alone would let 10 MB take half a day.
  package var bodyTimeoutMS = 300_000
  /// All bodies together that are collected before their work runs: many connections with the
  /// largest body that a route takes would be more than a machine has.
  package var bodiesBytes = 268_435_456
  /// An API answer; AWS's integration limit.
  package var apiTimeoutMS = 30_000
  /// Without a byte taken by the reader.
  package var writeTimeoutMS = 30_000
  /// Open connections in all; each costs a few kilobytes and a descriptor.
  package var connections = 20_000
  /// Open connections from one address.
  package var connectionsPerAddress = 4_000
  /// Requests on one connection before it is closed, so that balancers can move clients.
  package var requestsPerConnection = 1_000_000
  /// After the signal, before listening ends: balancers see `/readyz` first.
  package var lameDuckMS = 0
  /// After the signal, for a request that is on its way over a kept connection.
  package var drainIdleMS = 250
  /// After the signal, for exchanges under way.
  package var drainTimeoutMS = 30_000
  /// After our last byte, for what the client still sends: closing over it could take the answer
  /// away (RFC 9112 §9.6).
  package var lingerTimeoutMS = 1_000
  /// Bytes of a refused or unread body that are thrown away before the connection is closed.
  package var discardBytes = 65_536

  package init() {}
}

/// Where and how to listen.
package struct ListenerSettings: Sendable {
  /// Address to bind; loopback unless told otherwise.
  package var host = "127.0.0.1"
  package var port = 8080
  /// Event loops; 0 is one per core.
  package var threads = 0
  package var limits = ConnectionLimits()
  /// Networks whose forwarding fields are believed, as CIDR.
  package var trustedProxies: [AddressRange] = []

  package init() {}
}

extension ListenerSettings {
  /// Reads `edge.listener`; every knob has its unit in its name.
  package init(_ reader: SettingsReader) {
    self.init()
    host = reader.string("host", default: host)
    port = reader.int("port", default: port, in: 0...65_535)
    threads = reader.int("threads", default: threads, in: 0...256)
    var l = ConnectionLimits()
    l.headBytes = reader.int("head_bytes", default: l.headBytes, in: 1_024...65_536)
    l.headerCount = reader.int("header_count", default: l.headerCount, in: 10...1_000)
    l.targetBytes = reader.int("target_bytes", default: l.targetBytes, in: 256...65_536)
    l.headTimeoutMS = reader.int("head_timeout_ms", default: l.headTimeoutMS, in: 100...600_000)
    l.idleTimeoutMS = reader.int("idle_timeout_ms", default: l.idleTimeoutMS, in: 100...3_600_000)
    l.bodyBytesPerSecond = reader.int(
      "body_bytes_per_second", default: l.bodyBytesPerSecond, in: 0...1_048_576)
    l.bodyGraceMS = reader.int("body_grace_ms", default: l.bodyGraceMS, in: 100...600_000)
    l.bodyTimeoutMS = reader.int("body_timeout_ms", default: l.bodyTimeoutMS, in: 100...3_600_000)
    l.bodiesBytes = reader.int(
      "bodies_bytes", default: l.bodiesBytes, in: 65_536...68_719_476_736)
    l.apiTimeoutMS = reader.int("api_timeout_ms", default: l.apiTimeoutMS, in: 50...900_000)
    l.writeTimeoutMS = reader.int("write_timeout_ms", default: l.writeTimeoutMS, in: 100...600_000)
    l.connections = reader.int("connections", default: l.connections, in: 1...1_000_000)
    l.connectionsPerAddress = reader.int(
      "connections_per_address", default: l.connectionsPerAddress, in: 1...1_000_000)
    l.requestsPerConnection = reader.int(
      "requests_per_connection", default: l.requestsPerConnection, in: 1...Int.max)
    l.lameDuckMS = reader.int("lame_duck_ms", default: l.lameDuckMS, in: 0...600_000)
    l.drainIdleMS = reader.int("drain_idle_ms", default: l.drainIdleMS, in: 0...60_000)
    l.lingerTimeoutMS = reader.int(
      "linger_timeout_ms", default: l.lingerTimeoutMS, in: 0...60_000)
    l.drainTimeoutMS = reader.int("drain_timeout_ms", default: l.drainTimeoutMS, in: 0...600_000)
    l.discardBytes = reader.int("discard_bytes", default: l.discardBytes, in: 0...10_485_760)
    limits = l
    for text in reader.strings("trusted_proxies") {
      if let range = AddressRange(text) {
        trustedProxies.append(range)
      } else {
        reader.note(
          .addressRangeInvalid, "'\(text)' is not an address or a network", key: "trusted_proxies",
          remedy: "write it as 10.0.0.0/8 or 2001:db8::/32")
      }
    }
  }
}
