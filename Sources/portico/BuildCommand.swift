import ArgumentParser
import Diagnostics
import JSON
import SiteBuilder
import SiteBundle

/// `portico build`: site and content to a bundle, or every mistake with its place.
struct BuildCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "build", abstract: "Build the site into a bundle for S3, CloudFront and serve.",
    discussion: "Exit codes: 0 built, 1 errors in the input, 64 usage.")

  @Option(help: "The folder that the bundle replaces in one step.")
  var out = "dist"
  @Flag(help: "Include drafts.")
  var drafts = false
  @Option(help: "Origin for absolute URLs; otherwise site.base_url.")
  var baseUrl: String?
  @Flag(help: "Print the result, or the errors, as JSON.")
  var json = false
  @Option(help: "The settings file.")
  var config = "portico.yaml"

  func run() throws {
    do {
      var overrides: [String: String] = [:]
      if let baseUrl { overrides["site.base_url"] = baseUrl }
      if drafts { overrides["content.drafts"] = "true" }
      let project = try Project.load(Project.Options(config: config, overrides: overrides))
      let build = SiteBuild(settings: project.site)
      let report = try build.run(into: BundleFolder(path: out)) { stage in
        if Terminal.isInteractive && !json { Terminal.write("\r\u{1B}[K\(stage)") }
      }
      CommandFailure.show(report.warnings, json: json)
      show(report)
    } catch {
      if Terminal.isInteractive && !json { Terminal.write("\r\u{1B}[K") }
      throw CommandFailure.report(error, json: json)
    }
  }

  private func show(_ report: SiteBuild.Report) {
    if json { return Terminal.write(report.json.text + "\n") }
    if Terminal.isInteractive { Terminal.write("\r\u{1B}[K") }
    Terminal.write(report.text(folder: out))
  }
}
