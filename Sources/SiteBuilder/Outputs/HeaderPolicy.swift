import Diagnostics
import SiteBundle

/// The header fields that every answer of the site carries, and what they allow pages to load.
struct HeaderPolicy: Sendable, Hashable {
  /// Directives of the policy in order, with their sources.
  private var directives: [(name: String, sources: [String])]
  private let settings: Limits

  private struct Limits: Sendable, Hashable {
    var characters: Int
    var hsts: Int
    var embedder: Bool
    var upgrades: Bool
  }

  /// Directives to which the settings may add origins.
  static let openDirectives = [
    "script-src", "style-src", "img-src", "font-src", "connect-src", "media-src", "frame-src",
    "form-action",
  ]

  init(_ settings: SiteSettings) {
    self.settings = Limits(
      characters: settings.policyCharacters, hsts: settings.hstsMaxAgeSeconds,
      embedder: settings.embedderPolicy, upgrades: settings.baseURL.hasPrefix("https://"))
    let connect = [settings.apiBaseURL, settings.discovery].compactMap(Address.origin)
    var directives: [(name: String, sources: [String])] = [
      ("default-src", ["'none'"]), ("script-src", ["'self'"]), ("style-src", ["'self'"]),
      ("img-src", ["'self'", "data:"]), ("font-src", ["'self'"]), ("media-src", ["'self'"]),
      ("connect-src", ["'self'"] + connect), ("manifest-src", ["'self'"]),
      ("worker-src", ["'self'"]), ("form-action", ["'self'"]), ("base-uri", ["'none'"]),
      ("frame-ancestors", ["'none'"]),
    ]
    for (name, origins) in settings.policySources.sorted(by: { $0.key < $1.key }) {
      if let index = directives.firstIndex(where: { $0.name == name }) {
        directives[index].sources += origins
      } else {
        directives.append((name, origins))
      }
    }
    if settings.trustedTypes {
      directives.append(("require-trusted-types-for", ["'script'"]))
      directives.append(("trusted-types", ["'none'"]))
    }
    self.directives = directives.map { directive in
      var seen: Set<String> = []
      return (directive.name, directive.sources.filter { seen.insert($0).inserted })
    }
  }

  static func == (left: HeaderPolicy, right: HeaderPolicy) -> Bool {
    left.text == right.text && left.settings == right.settings
  }

  func hash(into hasher: inout Hasher) { hasher.combine(text) }

  /// The value of `Content-Security-Policy`.
  var text: String {
    var parts = directives.map { ([$0.name] + $0.sources).joined(separator: " ") }
    // Only where the site is reached by TLS: on a plain local address it would break Safari.
    if settings.upgrades { parts.append("upgrade-insecure-requests") }
    return parts.joined(separator: "; ")
  }

  /// Whether a directive lets pages load an absolute address.
  func allows(_ address: String, in directive: String) -> Bool {
    let sources =
      directives.first { $0.name == directive }?.sources
      ?? directives.first { $0.name == "default-src" }?.sources ?? []
    if let scheme = Address.scheme(of: address), sources.contains("\(scheme):") { return true }
    guard let origin = Address.origin(of: address) else { return false }
    return sources.contains(origin)
  }

  /// What to say about an address that a directive does not allow.
  static func blocked(_ address: String, _ directive: String, at place: Place?) -> Diagnostic {
    let origin = Address.origin(of: address) ?? address
    return Diagnostic(
      .resourceBlocked, "'\(origin)' is not allowed by the policy's \(directive)", at: place,
      remedy: openDirectives.contains(directive)
        ? "keep the file in the site, or add the origin to build.policy_sources.\(directive.replacing("-", with: "_"))"
        : "keep the file in the site")
  }

  // MARK: Header groups

  /// Features that no page of ours uses, switched off.
  private static let permissions = [
    "accelerometer", "camera", "display-capture", "geolocation", "gyroscope", "magnetometer",
    "microphone", "midi", "payment", "usb",
  ]

  /// For pages and for other documents that can run code, such as SVG.
  var pageFields: [HeaderPair] {
    var fields = [
      HeaderPair("Content-Security-Policy", text),
      HeaderPair("X-Content-Type-Options", "nosniff"),
      HeaderPair("X-Frame-Options", "DENY"),
      HeaderPair("Referrer-Policy", "strict-origin-when-cross-origin"),
      HeaderPair("Cross-Origin-Opener-Policy", "same-origin"),
      HeaderPair("Cross-Origin-Resource-Policy", "same-origin"),
      HeaderPair(
        "Permissions-Policy", Self.permissions.map { "\($0)=()" }.joined(separator: ", ")),
      HeaderPair("Origin-Agent-Cluster", "?1"),
    ]
    if settings.embedder {
      fields.append(HeaderPair("Cross-Origin-Embedder-Policy", "require-corp"))
    }
    return fields
  }

  /// For everything else.
  var assetFields: [HeaderPair] {
    [
      HeaderPair("X-Content-Type-Options", "nosniff"),
      HeaderPair("Referrer-Policy", "strict-origin-when-cross-origin"),
      HeaderPair("Cross-Origin-Resource-Policy", "same-origin"),
    ]
  }

  /// Sent in addition, but only over TLS: no entry names this group.
  var tlsFields: [HeaderPair] {
    settings.hsts == 0
      ? []
      : [HeaderPair("Strict-Transport-Security", "max-age=\(settings.hsts); includeSubDomains")]
  }

  /// Name of the group by group of entries; the key says what kind of document it is.
  static func group(of key: String) -> String {
    ["html", "htm", "svg", "xml"].contains(MediaTypes.fileExtension(key)) ? "page" : "asset"
  }

  /// All groups by name.
  var groups: [String: [HeaderPair]] {
    ["page": pageFields, "asset": assetFields, "tls": tlsFields]
  }

  /// CloudFront's default quotas: a policy's length, custom fields of one policy and their bytes.
  func check(_ findings: Findings) {
    let length = text.utf8.count
    if length > settings.characters {
      let longest = directives.max { $0.sources.joined().count < $1.sources.joined().count }
      findings.note(
        Diagnostic(
          .policyTooLong,
          "the policy has \(length) characters, and CloudFront takes \(settings.characters)",
          remedy: "shorten '\(longest?.name ?? "")', which is the longest directive"))
    }
    let custom = pageFields.filter { !EdgeFiles.builtIn.contains($0.name) }
    let bytes = custom.reduce(0) { $0 + $1.name.utf8.count + $1.value.utf8.count }
    if custom.count > 10 || bytes > 10_240 {
      findings.note(
        Diagnostic(
          .policyTooLong, "\(custom.count) further header fields of \(bytes) bytes are too many",
          remedy: "CloudFront takes 10 fields of 10,240 bytes together"))
    }
  }
}
