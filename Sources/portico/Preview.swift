import Cryptography
import Diagnostics
import Gateway
import HTTPExchange
import NIOCore
import SiteBuilder
import SiteBundle
import Synchronization

/// Preview: builds into its own folder, watches the sources, swaps the site and reloads browsers.
final class Preview: Sendable {
  /// Where preview's bundle lies: never `dist/`, so that what is deployed was built by `build`.
  private let place: PreviewFolder
  let reload = LiveReload()
  private let project: Project
  private let builder: SiteBuild

  init(project: Project) throws(Diagnostic) {
    place = try PreviewFolder()
    self.project = project
    var settings = project.site
    // Absolute URLs and the policy follow the one origin of preview.
    settings.baseURL = project.origin
    // The tightest quality costs a second where a person waits; the bundle is not what is deployed.
    settings.brotliQuality = min(settings.brotliQuality, 5)
    builder = SiteBuild(settings: settings)
  }

  /// The first build; its mistakes end the command.
  func build() throws {
    let report = try builder.run(into: BundleFolder(path: place.path))
    CommandFailure.show(report.warnings)
  }

  /// The bundle with the reload script in its pages; their digests and tags change with it.
  func site(limit: Int, previous: StaticSite? = nil) throws -> StaticSite {
    let bundle = BundleFolder(path: place.path)
    var manifest = try bundle.readManifest()
    var pages: [String: [UInt8]] = [:]
    for index in manifest.entries.indices where manifest.entries[index].kind == .page {
      let entry = manifest.entries[index]
      let bytes = LiveReload.inject(try bundle.read(entry.key, sha256: entry.sha256))
      manifest.entries[index].sha256 = SHA256.hash(bytes).hex
      manifest.entries[index].bytes = bytes.count
      manifest.entries[index].encodings = []
      pages[entry.key] = bytes
    }
    return try StaticSite(manifest: manifest, limit: limit, previous: previous) {
      key, sha256 throws(Diagnostic) in
      if let bytes = pages[key] { return bytes }
      return try bundle.read(key, sha256: sha256)
    }
  }

  /// Rebuilds whenever a source changes; a mistake is shown and the last good site stays.
  func watch(gateway: Gateway, limit: Int) async {
    let watcher = SourceWatcher(
      folders: [project.site.siteFolder, project.site.contentFolder], files: [])
    await withTaskCancellationHandler {
      for await changed in watcher.changes {
        rebuild(changed, gateway, limit)
      }
    } onCancel: {
      watcher.cancel()
    }
  }

  private func rebuild(_ changed: [String], _ gateway: Gateway, _ limit: Int) {
    do {
      let report = try builder.run(into: BundleFolder(path: place.path), changed: changed)
      let site = try site(limit: limit, previous: gateway.site.snapshot)
      try gateway.site.replace(with: site)
      CommandFailure.show(report.warnings)
      Terminal.writeError(
        "rebuilt after \(changed.joined(separator: ", ")) in \(report.milliseconds) ms\n")
      reload.send()
    } catch {
      _ = CommandFailure.report(error)
    }
  }
}

/// Tells open pages to load themselves again, over Server-Sent Events.
final class LiveReload: Sendable {
  private struct State {
    var listeners: [Int: AsyncStream<ByteBuffer>.Continuation] = [:]
    var next = 0
    var isFinished = false
  }

  static let scriptPath = "/_portico/reload.js"
  static let eventsPath = "/_portico/reload"
  /// Pages that listen at most; each holds a connection.
  private static let listenersMost = 64

  private let state = Mutex(State())

  /// The script of a file of its own, so that the site's policy needs no exception.
  static let script = """
    const events = new EventSource("\(eventsPath)");
    events.addEventListener("reload", () => location.reload());
    addEventListener("pagehide", () => events.close());

    """

  /// Puts the script before the end of a page's body.
  static func inject(_ bytes: [UInt8]) -> [UInt8] {
    let tag = Array("<script type=\"module\" src=\"\(scriptPath)\"></script>".utf8)
    let end = Array("</body>".utf8)
    guard bytes.count >= end.count else { return bytes }
    for start in stride(from: bytes.count - end.count, through: 0, by: -1)
    where bytes[start..<start + end.count].elementsEqual(end) {
      return Array(bytes[..<start]) + tag + Array(bytes[start...])
    }
    return bytes
  }

  /// Asks every open page to load itself again.
  func send() {
    let listeners = state.withLock { Array($0.listeners.values) }
    for listener in listeners { listener.yield(ByteBuffer(string: "event: reload\ndata: 1\n\n")) }
  }

  /// Ends the streams, so that a drain need not wait for them.
  func finish() {
    let listeners = state.withLock { state -> [AsyncStream<ByteBuffer>.Continuation] in
      state.isFinished = true
      return Array(state.listeners.values)
    }
    for listener in listeners { listener.finish() }
  }

  /// The stream of one page.
  func stream() -> Response? {
    let (stream, continuation) = AsyncStream.makeStream(
      of: ByteBuffer.self, bufferingPolicy: .bufferingNewest(4))
    let (id, oldest) = state.withLock { state -> (Int?, AsyncStream<ByteBuffer>.Continuation?) in
      guard !state.isFinished else { return (nil, nil) }
      // Nothing is written to a page that was left, so nothing tells that it has gone: the oldest
      // gives way.
      let isFull = state.listeners.count >= Self.listenersMost
      let oldest = isFull ? state.listeners.keys.min().flatMap { state.listeners[$0] } : nil
      state.next += 1
      state.listeners[state.next] = continuation
      return (state.next, oldest)
    }
    oldest?.finish()
    guard let id else { return nil }
    continuation.onTermination = { _ in
      self.state.withLock { $0.listeners[id] = nil }
    }
    continuation.yield(ByteBuffer(string: "retry: 500\n\n"))
    return Response(
      status: 200,
      headers: HeaderFields([("content-type", "text/event-stream"), ("cache-control", "no-store")]),
      body: .stream(BodyStream(stream)))
  }
}

/// The gateway with preview's own two addresses in front of it.
struct PreviewEdge: Edge {
  let gateway: Gateway
  let reload: LiveReload

  func decide(_ request: Request, _ context: RequestContext) -> Decision {
    switch request.target.path {
    case LiveReload.scriptPath:
      return .answer(
        Response(text: LiveReload.script, contentType: "text/javascript; charset=utf-8"))
    case LiveReload.eventsPath:
      let reload = reload
      return .handle(
        Work(bodyLimit: 0, timeClass: .stream) { _ in
          reload.stream() ?? Response(status: 503)
        })
    default: return gateway.decide(request, context)
    }
  }

  func completed(_ exchange: CompletedExchange) {
    if !exchange.path.hasPrefix("/_portico/") { gateway.completed(exchange) }
  }

  func transportError(status: Int, message: String, context: RequestContext?) -> Response {
    gateway.transportError(status: status, message: message, context: context)
  }

  func transportError(
    status: Int, message: String, of request: Request, context: RequestContext
  ) -> Response {
    gateway.transportError(status: status, message: message, of: request, context: context)
  }

  func overdue(_ request: Request, _ context: RequestContext) -> Response {
    gateway.overdue(request, context)
  }
}
