import Diagnostics
import Templates

extension SiteBuild {
  /// Adds the page on the API, when its document and no page of the site are there.
  func addAPIPage(_ site: inout ParsedSite, _ sources: FileTree, _ findings: Findings) {}
}

/// Layouts that a site need not bring.
enum BuiltInLayouts {
  static func source(_ name: String) -> TemplateSource? { nil }
}
