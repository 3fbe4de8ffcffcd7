import Diagnostics

/// Every address that exists, known before the first page is rendered.
struct SiteMap: Sendable {
  /// Canonical addresses of pages.
  var pages: Set<String> = []
  /// Addresses of files with stable names.
  var files: Set<String> = []
  var assets = AssetGraph()
  /// Addresses that answer with a redirect.
  var moved: Set<String> = []
  var spaPrefixes: [String] = []
  var dynamicPaths: [String] = []
  var policy: HeaderPolicy

  /// Paths of the accounts' provider, which no page may have and every page may link to.
  static let providerPaths = [
    "/login", "/signup", "/logout", "/error", "/confirmUser", "/forgotPassword",
    "/confirmForgotPassword", "/mfa", "/openapi.json", "/healthz",
  ]
  static let providerPrefixes = ["/oauth2/", "/.well-known/"]

  /// What an address leads to.
  enum Target {
    /// A page, by its canonical address.
    case page(String)
    case asset(Asset)
    case file
    /// A view of an application, or something that is answered at run time.
    case dynamic
    case nothing
  }

  func target(of path: String) -> Target {
    if pages.contains(path) { return .page(path) }
    if pages.contains(path + "/") { return .page(path + "/") }
    if path.hasSuffix("/index.html"), pages.contains(String(path.dropLast(10))) {
      return .page(String(path.dropLast(10)))
    }
    if let asset = assets.assets[String(path.dropFirst())] { return .asset(asset) }
    if files.contains(path) { return .file }
    if moved.contains(path) || Self.isProviders(path)
      || dynamicPaths.contains(where: { path.hasPrefix($0) })
    {
      return .dynamic
    }
    let isNavigation = !path.split(separator: "/").contains { $0.contains(".") }
    if isNavigation, spaPrefixes.contains(where: { path.hasPrefix($0) }) { return .dynamic }
    return .nothing
  }

  /// Whether a path belongs to the accounts' provider.
  static func isProviders(_ path: String) -> Bool {
    let bare = path.hasSuffix("/") ? String(path.dropLast()) : path
    return providerPaths.contains(bare)
      || providerPrefixes.contains { path.hasPrefix($0) || bare + "/" == $0 }
  }

  /// What was probably meant.
  func suggestion(for path: String) -> String? {
    Suggestion.nearestPath(
      to: path, among: Array(pages) + Array(files) + assets.assets.keys.map { "/" + $0 })
  }
}
