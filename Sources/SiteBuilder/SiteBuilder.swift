import Diagnostics
import SiteBundle
import Synchronization
import Templates
import Time

/// Turns a site's sources into a bundle; opens no socket. Keeps what it read and compiled, so that
/// the next run of a preview does only what an edit asks for.
package final class SiteBuild: Sendable {
  let settings: SiteSettings
  let time: any TimeSource
  let memory = Mutex(BuildMemory())

  package init(settings: SiteSettings, time: any TimeSource = SystemClock()) {
    self.settings = settings
    self.time = time
  }

  /// Builds from the disk into a folder, in one step or not at all.
  ///
  /// - Parameters:
  ///   - folder: the bundle that is replaced; a failed build leaves it whole.
  ///   - changed: paths that changed since the last run of this value, when that is known.
  ///   - progress: told the name of each stage.
  package func run(
    into folder: BundleFolder, changed: [String]? = nil, progress: (String) -> Void = { _ in }
  ) throws(DiagnosticList) -> Report {
    let findings = Findings()
    progress("reading")
    let start = time.monotonic()
    let sources = readSources(findings)
    try findings.check()
    let staged: StagedBundle
    do { staged = try folder.stage() } catch { throw DiagnosticList([error]) }
    do throws(DiagnosticList) {
      let caches = compressionCaches()
      let emitter = Emitter(caches: caches) { key, bytes throws(Diagnostic) in
        try staged.write(key, bytes)
      }
      var report = try assemble(sources, findings, emitter, start: start, progress: progress)
      do { try staged.publish() } catch { throw DiagnosticList([error]) }
      for cache in caches { cache.write(folder: settings.cacheFolder) }
      report.milliseconds = (time.monotonic() - start).wholeMilliseconds
      return report
    } catch {
      staged.discard()
      throw error
    }
  }

  /// Builds sources in memory into a dictionary of files, for tests and previews of single pages.
  package func run(
    _ sources: FileTree
  ) throws(DiagnosticList) -> (report: Report, files: [String: [UInt8]]) {
    let files = Mutex<[String: [UInt8]]>([:])
    let emitter = Emitter(caches: settings.coders.map { CompressionCache($0) }) {
      key, bytes throws(Diagnostic) in
      files.withLock { $0[key] = bytes }
    }
    let report = try assemble(
      sources, Findings(), emitter, start: time.monotonic(), progress: { _ in })
    return (report, files.withLock { $0 })
  }

  /// The stages in their order: parse, link, render, emit. Each stops the build at its end when it
  /// found mistakes, so that one run tells all mistakes of a stage.
  private func assemble(
    _ sources: FileTree, _ findings: Findings, _ emitter: Emitter, start: MonotonicInstant,
    progress: (String) -> Void
  ) throws(DiagnosticList) -> Report {
    var watch = StageWatch(time: time, start: start)
    watch.begin("parse", progress)
    var site = parse(sources, findings)
    watch.begin("link", progress)
    let assets = link(&site, sources, findings)
    watch.begin("render", progress)
    let rendered = render(site, sources, assets, emitter, findings)
    try findings.check()
    watch.begin("emit", progress)
    let manifest = try emit(site, rendered, assets, sources, emitter, findings)
    var report = watch.finish()
    report.pages = manifest.entries.count { $0.kind == .page }
    report.files = manifest.entries.count
    for entry in manifest.entries {
      report.bytes += entry.bytes
      for variant in entry.encodings {
        report.encodedBytes[variant.coding, default: 0] += variant.bytes
      }
    }
    report.warnings = findings.warnings
    return report
  }

  private func readSources(_ findings: Findings) -> FileTree {
    var folders = [settings.siteFolder]
    if settings.contentFolder != settings.siteFolder { folders.append(settings.contentFolder) }
    return FileTree.read(folders: folders, limit: settings.sourceBytes, note: findings.note)
  }

  private func compressionCaches() -> [CompressionCache] {
    memory.withLock { memory in
      if let known = memory.compression { return known }
      let read = settings.coders.map {
        CompressionCache.read(folder: settings.cacheFolder, $0)
      }
      memory.compression = read
      return read
    }
  }
}

/// What a build keeps for the next one.
struct BuildMemory {
  var compression: [CompressionCache]?
  var templates: TemplateSet?
  /// Pages by source path, as they were read from exactly this text.
  var pages: [String: (text: [UInt8], page: Page)] = [:]
  var assetSources: [String: [UInt8]] = [:]
  var assetStable: Set<String> = []
  var assets: AssetGraph?
}

/// Times the stages.
struct StageWatch {
  private let time: any TimeSource
  private let start: MonotonicInstant
  private var current: (name: String, since: MonotonicInstant)
  private var stages: [(name: String, milliseconds: Int)] = []

  init(time: any TimeSource, start: MonotonicInstant) {
    self.time = time
    self.start = start
    current = ("read", start)
  }

  mutating func begin(_ name: String, _ progress: (String) -> Void) {
    close()
    progress(name)
    current = (name, time.monotonic())
  }

  private mutating func close() {
    stages.append((current.name, (time.monotonic() - current.since).wholeMilliseconds))
  }

  mutating func finish() -> SiteBuild.Report {
    close()
    var report = SiteBuild.Report()
    report.stages = stages
    report.milliseconds = (time.monotonic() - start).wholeMilliseconds
    return report
  }
}
