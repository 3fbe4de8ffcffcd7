import AWS
import ArgumentParser
import Diagnostics
import Foundation
import JSON
import Settings
import SiteBundle
import Sync
import Synchronization
import Time

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// `portico sync`: shows what differs between the bundle and the bucket, then sends it.
struct SyncCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sync", abstract: "Send the built site to S3 and invalidate CloudFront.",
    discussion: "Exit codes: 0 done, 1 nothing was changed, 2 partly done and safe to repeat.")

  @Option(help: "The folder of the bundle.")
  var bundle = "dist"
  @Option(help: "The bucket; otherwise sync.bucket.")
  var bucket: String?
  @Option(help: "Prefix of all keys; otherwise sync.prefix.")
  var prefix: String?
  @Option(help: "CloudFront distribution to invalidate; otherwise sync.distribution_id.")
  var distribution: String?
  @Option(help: "Region of the bucket; otherwise sync.region, AWS_REGION or the profile's.")
  var region: String?
  @Option(help: "Address of another S3, such as http://127.0.0.1:8333.")
  var endpointUrl: String?
  @Option(help: "The settings file.")
  var config = "portico.yaml"
  @Flag(help: "Show the plan and change nothing.")
  var dryRun = false
  @Flag(help: "Refused: deleting comes with a later version.")
  var delete = false
  @Flag(help: "Print plan and result as JSON.")
  var json = false

  func run() async throws {
    let code: Int32
    do {
      if delete { throw Self.deleteRefused }
      let settings = try readSettings()
      let transport = AsyncHTTPTransport(
        connections: settings.connections,
        connectTimeout: .milliseconds(settings.connectTimeoutMS))
      let result = await attempt(settings, transport)
      await transport.shutdown()
      code = try result.get()
    } catch {
      throw CommandFailure.report(error, json: json)
    }
    if code != 0 { throw ExitCode(code) }
  }

  /// The connections are closed whether the sync succeeds or not.
  private func attempt(
    _ settings: SyncSettings, _ transport: AsyncHTTPTransport
  ) async -> Result<Int32, any Error> {
    do {
      return .success(try await sync(settings, transport))
    } catch {
      return .failure(error)
    }
  }

  private static let deleteRefused = Diagnostic(
    .deleteUnsupported, "--delete comes with a later version; nothing was changed",
    remedy: "leave it out: files that the site no longer has are reported as stale and stay")

  private func readSettings() throws -> SyncSettings {
    guard let text = FileManager.default.contents(atPath: config) else {
      throw Diagnostic(
        .settingsMissing, "there is no settings file '\(config)'", at: Place(file: config),
        remedy: "run this in the project's folder, or name the file by --config")
    }
    let flags = [
      "sync.bucket": bucket, "sync.prefix": prefix, "sync.distribution_id": distribution,
      "sync.region": region, "sync.endpoint_url": endpointUrl,
    ]
    let document = try SettingsDocument(
      yaml: String(decoding: text, as: UTF8.self), file: config,
      environment: ProcessInfo.processInfo.environment, overrides: flags.compactMapValues { $0 })
    // Only this section is judged here: a mistake elsewhere is `portico check`'s to report.
    let section = document.reader().section("sync")
    let settings = SyncSettings(section)
    try section.finish()
    return settings
  }

  private func sync(_ settings: SyncSettings, _ transport: AsyncHTTPTransport) async throws -> Int32
  {
    let environment = AWSEnvironment(
      variables: ProcessInfo.processInfo.environment,
      readFile: { FileManager.default.contents(atPath: $0).map { [UInt8]($0) } })
    let connection = try SyncConnection(
      settings: settings, bundle: BundleFolder(path: bundle), environment: environment,
      transport: transport, clock: SystemClock())
    let source = try await connection.credentialSource()
    let prepared = try await connection.syncer.prepare()
    let output = SyncOutput(
      json: json, isTerminal: Terminal.isInteractive, dryRun: dryRun, prepared: prepared)
    output.begin(bucket: connection.bucket, endpoint: connection.endpoint, credentials: source)
    if dryRun { return 0 }
    let report = await connection.syncer.execute(prepared, progress: output.progress)
    output.end(report)
    return report.exitCode
  }
}

/// What a sync prints: a table for a person, one document for a machine, one line in a pipe.
private final class SyncOutput: Sendable {
  private let json: Bool
  private let isTerminal: Bool
  private let dryRun: Bool
  private let prepared: PreparedSync
  private let shownPercent = Mutex(-1)
  private let started = SystemClock().monotonic()

  init(json: Bool, isTerminal: Bool, dryRun: Bool, prepared: PreparedSync) {
    self.json = json
    self.isTerminal = isTerminal
    self.dryRun = dryRun
    self.prepared = prepared
  }

  func begin(bucket: String, endpoint: String, credentials: String) {
    if json {
      guard dryRun else { return }
      let plan = prepared.plan.json(expectedInvalidation: prepared.expectedInvalidation)
      Terminal.write(JSON.object(JSONObject([("plan", plan), ("dryRun", true)])).text + "\n")
      return
    }
    guard isTerminal || dryRun else { return }
    Terminal.write(
      "\(bucket) at \(endpoint), credentials from \(credentials)\n"
        + prepared.plan.text(expectedInvalidation: prepared.expectedInvalidation))
  }

  func progress(_ progress: SyncProgress) {
    guard isTerminal, !json, progress.filesTotal > 0 else { return }
    let percent = progress.filesDone * 100 / progress.filesTotal
    let isNew = shownPercent.withLock { shown in
      defer { shown = max(shown, percent) }
      return percent > shown
    }
    guard isNew else { return }
    let end = progress.filesDone == progress.filesTotal ? "\n" : ""
    Terminal.write(
      "\r  \(percent) %  \(progress.filesDone)/\(progress.filesTotal) files, "
        + "\(progress.bytesDone)/\(progress.bytesTotal) bytes\(end)")
  }

  func end(_ report: SyncReport) {
    if json {
      let plan = prepared.plan.json(expectedInvalidation: prepared.expectedInvalidation)
      Terminal.write(
        JSON.object(JSONObject([("plan", plan), ("result", report.json)])).text + "\n")
      return
    }
    CommandFailure.show(report.findings)
    let time = (SystemClock().monotonic() - started).wholeMilliseconds
    var line = "sent \(report.sent.count), kept \(report.plan.kept.count)"
    if !report.recognised.isEmpty { line += ", found there \(report.recognised.count)" }
    if let invalidation = report.invalidation {
      line += ", invalidated \(invalidation.paths.count) paths (\(invalidation.id))"
    }
    Terminal.write(line + (report.isComplete ? "" : ", not complete") + " in \(time) ms\n")
  }
}
