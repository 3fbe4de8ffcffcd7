import Diagnostics
import HTTPExchange
import NIOCore
import NIOPosix
import Synchronization
import Time

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Sockets, timeouts, limits and drain: bytes become requests for an edge, answers become bytes.
package final class Listener: Sendable {
  private let server: any Channel
  /// The loops that end with the listener; nil when they are someone else's.
  private let group: (any EventLoopGroup)?
  private let registry: ConnectionRegistry
  private let settings: ListenerSettings
  private let clock: any TimeSource

  private init(
    server: any Channel, group: (any EventLoopGroup)?, registry: ConnectionRegistry,
    settings: ListenerSettings, clock: any TimeSource
  ) {
    self.server = server
    self.group = group
    self.registry = registry
    self.settings = settings
    self.clock = clock
  }

  /// Event loops as many as the settings say, for a listener and for what its requests call; whoever
  /// makes them ends them.
  package static func loops(_ settings: ListenerSettings) -> any EventLoopGroup {
    let threads = settings.threads == 0 ? System.coreCount : settings.threads
    return MultiThreadedEventLoopGroup(numberOfThreads: threads)
  }

  /// Binds and begins to accept; throws a `Diagnostic` when the port is taken or cannot be bound.
  ///
  /// - Parameters:
  ///   - settings: where and how to listen.
  ///   - edge: what stands behind it.
  ///   - clock: the time.
  ///   - shared: loops to run on; without them it makes its own and ends them with itself.
  package static func start(
    _ settings: ListenerSettings, edge: any Edge, clock: any TimeSource,
    on shared: (any EventLoopGroup)? = nil
  ) async throws -> Listener {
    var settings = settings
    settings.limits.connections = DescriptorLimit.makeRoom(for: settings.limits.connections)
    let group = shared ?? loops(settings)
    let owned = shared == nil ? group : nil
    let registry = ConnectionRegistry(limits: settings.limits)
    let scratches = LoopScratches(group)
    let bootstrap = ServerBootstrap(group: group)
      .serverChannelOption(.backlog, value: 1024)
      .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
      .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
      .childChannelOption(.autoRead, value: false)
      .childChannelOption(.allowRemoteHalfClosure, value: true)
      .childChannelOption(
        .writeBufferWaterMark, value: .init(low: 32 * 1024, high: 256 * 1024)
      )
      .childChannelInitializer { [settings] channel in
        Self.configure(channel, settings, edge, clock, registry, scratches)
      }
    do {
      let server = try await bootstrap.bind(host: settings.host, port: settings.port).get()
      return Listener(
        server: server, group: owned, registry: registry, settings: settings, clock: clock)
    } catch {
      try? await owned?.shutdownGracefully()
      throw Self.diagnostic(error, settings)
    }
  }

  private static func configure(
    _ channel: any Channel, _ settings: ListenerSettings, _ edge: any Edge,
    _ clock: any TimeSource, _ registry: ConnectionRegistry, _ scratches: LoopScratches
  ) -> EventLoopFuture<Void> {
    let peer = channel.remoteAddress?.ipAddress ?? ""
    guard registry.admit(channel, from: peer) else {
      return shed(channel)
    }
    return channel.eventLoop.makeCompletedFuture {
      let handler = ConnectionHandler(
        edge: edge, clock: clock, settings: settings, registry: registry,
        scratch: scratches.of(channel.eventLoop), peer: peer)
      try channel.pipeline.syncOperations.addHandler(handler)
    }
  }

  /// Over the bound: one short answer, then the end (spec: shed at high water).
  private static func shed(_ channel: any Channel) -> EventLoopFuture<Void> {
    let answer =
      "HTTP/1.1 503 Service Unavailable\r\nretry-after: 1\r\ncontent-length: 0\r\n"
      + "connection: close\r\n\r\n"
    channel.eventLoop.execute {
      channel.writeAndFlush(ByteBuffer(string: answer)).whenComplete { _ in
        channel.close(promise: nil)
      }
    }
    return channel.eventLoop.makeSucceededVoidFuture()
  }

  private static func diagnostic(_ error: any Error, _ settings: ListenerSettings) -> Diagnostic {
    if let error = error as? IOError, error.errnoCode == EADDRINUSE {
      return Diagnostic(
        .portInUse, "port \(settings.port) on \(settings.host) is in use by another program",
        remedy: "end that program, or choose another port with --port")
    }
    return Diagnostic(
      .cannotBind, "\(settings.host):\(settings.port) cannot be bound: \(error)",
      remedy: "choose an address of this machine and a port that you may use")
  }

  /// The port that is bound, also when 0 was asked for.
  package var port: Int { server.localAddress?.port ?? settings.port }

  /// How many connections are let in: as many as asked for, or as the system's open files allow.
  package var connectionBound: Int { settings.limits.connections }

  /// Open connections now.
  package var openConnections: Int { registry.open }

  /// Connections taken and refused since the start.
  package var connectionTotals: (accepted: Int, refused: Int) { registry.totals }

  /// Stops accepting, lets exchanges end within the bound, then closes what is left.
  package func drain() async {
    try? await clock.sleep(for: .milliseconds(settings.limits.lameDuckMS))
    try? await server.close()
    registry.drain()
    let end = clock.monotonic() + .milliseconds(settings.limits.drainTimeoutMS)
    while registry.open > 0, clock.monotonic() < end {
      try? await Task.sleep(for: .milliseconds(10))
    }
    registry.closeAll()
    try? await group?.shutdownGracefully()
  }
}
