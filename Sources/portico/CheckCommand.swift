import Accounts
import ArgumentParser
import Diagnostics
import Foundation
import Gateway
import HTTPExchange
import JSON
import NIOPosix
import SiteBuilder
import SiteBundle
import Store
import Time
import Workflows

/// `portico check`: settings, API documents, workflows and bundle examined without serving.
struct CheckCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check", abstract: "Examine settings, API documents, workflows and bundle.",
    discussion: "Exit codes: 0 nothing wrong (warnings may be shown), 1 errors.")

  @Option(help: "The folder of the bundle.")
  var bundle = "dist"
  @Flag(help: "Print findings as JSON lines.")
  var json = false
  @Option(help: "The settings file.")
  var config = "portico.yaml"

  func run() async throws {
    do {
      let project = try Project.load(Project.Options(config: config))
      var findings = try Self.checkWorkflows(in: "\(project.site.siteFolder)/workflows")
      findings += try await checkGateway(project)
      CommandFailure.show(findings, json: json)
      if findings.contains(where: { $0.severity == .error }) { throw ExitCode(1) }
      if !json {
        Terminal.write(
          "checked: \(findings.count) \(findings.count == 1 ? "warning" : "warnings")\n")
      }
    } catch let code as ExitCode {
      throw code
    } catch {
      throw CommandFailure.report(error, json: json)
    }
  }

  /// The gateway is assembled as serve would, over a store in memory.
  private func checkGateway(_ project: Project) async throws -> [Diagnostic] {
    let clock = SystemClock()
    let assembly = ServeAssembly(project: project, isProduction: false, clock: clock, log: { _ in })
    let parts = try await assembly.parts(
      store: SQLiteStore.inMemory(clock: clock), masterKey: .random())
    defer { parts.accounts.stop() }
    let folder = BundleFolder(path: bundle)
    let manifest = try? folder.readManifest()
    let site =
      manifest == nil
      ? try StaticSite(manifest: BundleManifest(), limit: 0) { _, _ in [] }
      : try StaticSite(folder: folder, limit: project.gateway.bundleBytes)
    // Rules are examined here and nobody is asked: issuers and upstreams hear of the first request.
    let upstream = UpstreamPool(
      project.gateway.upstream, group: .singletonMultiThreadedEventLoopGroup)
    let assembled = Result { try assembly.plan(parts, site: site, upstream: upstream) }
    try await upstream.shutdown()
    let plan = try assembled.get()
    var findings = GatewayLint.findings(plan, manifest: manifest)
    if manifest == nil {
      findings.append(
        Diagnostic(
          .manifestUnreadable, "there is no bundle at '\(bundle)': it was not examined",
          remedy: "run 'portico build' first", severity: .warning))
    }
    return findings
  }

  private static func checkWorkflows(in folder: String) throws -> [Diagnostic] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    var findings: [Diagnostic] = []
    for name in names.sorted() where name.hasSuffix(WorkflowFile.ending) {
      let path = "\(folder)/\(name)"
      let unreadable = Diagnostic(
        .documentMissing, "the state machine '\(path)' cannot be read", at: Place(file: path),
        remedy: "let this user read it")
      do {
        _ = try WorkflowFile(path, missing: unreadable).machine()
      } catch let list as DiagnosticList {
        findings += list.diagnostics
      } catch let one as Diagnostic {
        findings.append(one)
      }
    }
    return findings
  }
}
