import Accounts
import ArgumentParser
import Diagnostics
import Gateway
import HTTPExchange
import Listener
import Market
import NIOCore
import SiteBundle
import Store
import Time
import Trading

/// `portico serve`: the preview by default, the production edge with `--production`.
struct ServeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "serve",
    abstract: "Serve the site with its API; preview builds, watches and reloads.",
    discussion: "Exit codes: 0 after a clean drain, 1 otherwise.")

  @Flag(help: "Serve the bundle as built, write nothing to it, require the secrets.")
  var production = false
  @Option(help: "Port of site and API; otherwise edge.listener.port (8080).")
  var port: Int?
  @Option(help: "Port of health and metrics on loopback; otherwise edge.admin_port (8081).")
  var adminPort: Int?
  @Option(help: "Address to listen on; otherwise edge.listener.host (127.0.0.1).")
  var host: String?
  @Option(help: "Folder of the store and of preview's keys; otherwise store.folder (var).")
  var data: String?
  @Option(help: "Folder of the bundle for --production.")
  var bundle = "dist"
  @Option(help: "The settings file.")
  var config = "portico.yaml"

  func run() async throws {
    do {
      var overrides: [String: String] = [:]
      if let data { overrides["store.folder"] = data }
      if let adminPort { overrides["edge.admin_port"] = String(adminPort) }
      let project = try Project.load(
        Project.Options(config: config, overrides: overrides, port: port, host: host))
      try await serve(project)
    } catch {
      throw CommandFailure.report(error)
    }
  }

  private func serve(_ project: Project) async throws {
    let signals = Signals()
    let log = LogSink()
    let clock = SystemClock()
    let assembly = ServeAssembly(
      project: project, isProduction: production, clock: clock,
      log: { Terminal.writeError($0 + "\n") })
    let preview = production ? nil : try Preview(project: project)
    let limit = project.gateway.bundleBytes
    try preview?.build()
    let site =
      try preview?.site(limit: limit)
      ?? StaticSite(folder: BundleFolder(path: bundle), limit: limit)

    let parts = try await assembly.parts()
    // One set of loops for both ends: what an upstream answers leaves on the thread it came to.
    let loops = Listener.loops(project.listener)
    let upstream = UpstreamPool(project.gateway.upstream, group: loops)
    let outcome: Result<Void, any Error>
    do {
      let telemetry = Telemetry(log: accessLog(project, log))
      let gateway = Gateway(
        plan: try assembly.plan(parts, site: site, upstream: upstream), telemetry: telemetry)
      try await answer(project, parts, gateway, telemetry, preview, signals, loops)
      outcome = .success(())
    } catch {
      outcome = .failure(error)
    }
    // Whatever ended the serving, what was opened is closed and what was logged is written.
    parts.accounts.stop()
    try await upstream.shutdown()
    try? await loops.shutdownGracefully()
    try? await parts.usage.close()
    try await parts.store.close()
    log.flush()
    try outcome.get()
  }

  /// Listens on both ports until a signal, then drains.
  private func answer(
    _ project: Project, _ parts: ServeAssembly.Parts, _ gateway: Gateway, _ telemetry: Telemetry,
    _ preview: Preview?, _ signals: Signals, _ loops: any EventLoopGroup
  ) async throws {
    let clock = SystemClock()
    let edge: any Edge = preview.map { PreviewEdge(gateway: gateway, reload: $0.reload) } ?? gateway
    let admin = AdminEdge(
      cache: gateway.plan.responses, usage: { gateway.usage(at: clock.now()) },
      ledger: { parts.ledger.status },
      metrics: { telemetry.metrics.render() })
    var adminSettings = ListenerSettings()
    adminSettings.port = project.adminPort
    adminSettings.threads = 1
    adminSettings.limits.drainTimeoutMS = 200
    let adminListener = try await Listener.start(adminSettings, edge: admin, clock: clock)
    let listener: Listener
    do {
      listener = try await Listener.start(
        project.listener, edge: edge, clock: clock, on: loops)
    } catch {
      await adminListener.drain()
      throw error
    }
    announce(project, listener.port, adminListener.port)
    if listener.connectionBound < project.listener.limits.connections {
      Terminal.writeError(
        "  The open files allowed (ulimit -n) are enough for \(listener.connectionBound) connections.\n"
      )
    }
    admin.setReady(true)
    await withDiscardingTaskGroup { group in
      group.addTask { await AccountsService.jobs.run { await parts.accounts.run() } }
      group.addTask { await gateway.plan.warmKeys() }
      group.addTask { await gateway.sweepHeads(clock: clock) }
      group.addTask { await parts.ledger.run(parts.store) }
      group.addTask { await parts.sweep(every: project.store.sweepInterval) }
      group.addTask { await parts.matcher.run(clock: clock) }
      group.addTask { await TradingService.background.run { await parts.trading.run() } }
      if let preview {
        group.addTask {
          await preview.watch(gateway: gateway, limit: project.gateway.bundleBytes)
        }
      }
      await signals.termination()
      admin.setReady(false)
      preview?.reload.finish()
      parts.market.finishStreams()
      parts.trading.finishStreams()
      await listener.drain()
      group.cancelAll()
    }
    await adminListener.drain()
  }

  /// JSON lines in a pipe, human lines on a terminal, unless the settings say otherwise.
  private func accessLog(_ project: Project, _ log: LogSink) -> AccessLog? {
    var settings = project.gateway.accessLog
    if settings.form == .json, Terminal.isInteractive { settings.form = .human }
    return AccessLog(settings) { log.write($0) }
  }

  private func announce(_ project: Project, _ port: Int, _ adminPort: Int) {
    let kind = production ? "production" : "preview"
    Terminal.writeError(
      """
      portico \(kind)
        site   \(project.origin)/
        API    \(project.origin)/api/v1  (also /Prod, and http://api.localhost:\(port)/)
        admin  http://127.0.0.1:\(adminPort)/metrics, /healthz, /readyz
      Ctrl-C drains and ends.

      """)
  }
}

extension ServeAssembly.Parts {
  /// Expired items are swept; a failure is the store's own to report.
  func sweep(every interval: Duration) async { try? await store.runSweeper(every: interval) }
}
