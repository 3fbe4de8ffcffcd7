import Diagnostics
import HTTPExchange
import NIOCore
import SiteBundle

/// A bundle in memory, unchanging: a rebuild makes another one and swaps it in.
package final class StaticSite: Sendable {
  /// By canonical URL path, decoded: `/about/`, `/assets/site.3f2a.css`.
  let resources: [String: StaticResource]
  /// By path: `/about` and `/about/index.html` to `/about/`, and what moved.
  let redirects: [String: Response]
  private let shells: [(prefix: String, path: String)]
  /// The page of status 404 with `no-store`.
  let notFound: StaticResource?
  /// Fields for answers that no file stands behind.
  let commonFields: HeaderFields
  /// Fields in addition for every answer over TLS, from the manifest's group `tls`.
  let secureFields: HeaderFields
  /// Bytes by digest, for the next site to take over.
  private let bodies: [String: ByteBuffer]
  /// Bytes of all bodies.
  package let bytes: Int

  /// Loads a bundle.
  ///
  /// - Parameters:
  ///   - manifest: defines what is published.
  ///   - limit: bytes that may be held; beyond it the bundle is refused.
  ///   - previous: the site before, whose unchanged bodies are taken over unread.
  ///   - read: the bytes of a key, held against their digest.
  package init(
    manifest: BundleManifest, limit: Int, previous: StaticSite? = nil,
    read: (_ key: String, _ sha256: String) throws(Diagnostic) -> [UInt8]
  ) throws(Diagnostic) {
    let total = manifest.entries.reduce(0) { sum, entry in
      sum + entry.bytes + entry.encodings.reduce(0) { $0 + $1.bytes }
    }
    if total > limit {
      throw Diagnostic(
        .bundleTooLarge, "the bundle has \(total) bytes, more than the \(limit) that may be held",
        remedy: "raise edge.bundle_bytes, or keep large files elsewhere")
    }
    var bodies: [String: ByteBuffer] = [:]
    for entry in manifest.entries {
      for (key, sha256) in [(entry.key, entry.sha256)]
        + entry.encodings.map({ ($0.key, $0.sha256) })
      where bodies[sha256] == nil {
        if let known = previous?.bodies[sha256] {
          bodies[sha256] = known
        } else {
          bodies[sha256] = ByteBuffer(bytes: try read(key, sha256))
        }
      }
    }
    self.bodies = bodies
    bytes = total
    var resources: [String: StaticResource] = [:]
    var redirects: [String: Response] = [:]
    let fields = Self.commonFields(of: manifest)
    for entry in manifest.entries {
      let path = Self.path(of: entry.key)
      resources[path] = StaticResource(
        entry: entry, group: manifest.headerGroups[entry.headerGroup] ?? [], bodies: bodies)
      for alias in Self.aliases(of: entry.key, at: path) {
        let location = PercentEncoding.encode(path, keeping: "/!$&'()*+,;=:@")
        redirects[alias] = Self.redirect(to: location, status: 301, fields)
      }
    }
    for moved in manifest.redirects {
      redirects[moved.from] = Self.redirect(to: moved.to, status: moved.status, fields)
    }
    self.resources = resources
    self.redirects = redirects
    commonFields = fields
    secureFields = HeaderFields((manifest.headerGroups["tls"] ?? []).map { ($0.name, $0.value) })
    shells = manifest.spaRoutes.map { ($0.prefix, Self.path(of: $0.shell)) }
    notFound = manifest.entry("404.html").map {
      StaticResource(
        entry: $0, group: manifest.headerGroups[$0.headerGroup] ?? [], bodies: bodies, status: 404)
    }
  }

  /// Loads the bundle of a folder.
  package convenience init(folder: BundleFolder, limit: Int, previous: StaticSite? = nil)
    throws(Diagnostic)
  {
    try self.init(manifest: folder.readManifest(), limit: limit, previous: previous) {
      key, sha256 throws(Diagnostic) in
      try folder.read(key, sha256: sha256)
    }
  }

  /// The canonical path of a key: `about/index.html` is `/about/`.
  static func path(of key: String) -> String {
    if key == "index.html" { return "/" }
    return key.hasSuffix("/index.html") ? "/" + key.dropLast("index.html".count) : "/" + key
  }

  private static func aliases(of key: String, at path: String) -> [String] {
    guard path.hasSuffix("/") else { return [] }
    return path == "/" ? ["/index.html"] : [String(path.dropLast()), "/" + key]
  }

  private static func redirect(to location: String, status: Int, _ fields: HeaderFields) -> Response
  {
    var response = Response(redirect: location, status: status)
    response.headers.append("cache-control", "public, max-age=300")
    for field in fields.fields { response.headers.append(field.name, field.value) }
    return response
  }

  /// The fields of the group that pages carry, for redirects and errors.
  private static func commonFields(of manifest: BundleManifest) -> HeaderFields {
    let page =
      manifest.entry("404.html") ?? manifest.entry("index.html")
      ?? manifest.entries.first { $0.kind == .page }
    let group = page.flatMap { manifest.headerGroups[$0.headerGroup] } ?? []
    return HeaderFields(group.map { ($0.name, $0.value) })
  }

  /// The shell for a navigation that no file answers, when its prefix is an application's.
  func shell(for path: String) -> StaticResource? {
    guard let route = shells.first(where: { path.hasPrefix($0.prefix) }) else { return nil }
    return resources[route.path]
  }

  /// Every path that the site answers with a file or a redirect.
  var paths: [String] { Array(resources.keys) + Array(redirects.keys) }
}
