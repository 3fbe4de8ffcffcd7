import Diagnostics
import JSON

/// The contract between build, serve and sync: what is published, under which key, with which
/// fields. The manifest, not the folder, defines it.
package struct BundleManifest: Sendable, Hashable {
  /// The schema this program writes and reads.
  package static let schema = 1

  /// Files, sorted by key.
  package var entries: [BundleEntry]
  /// Named sets of header fields that serve sends and CloudFront's policy repeats.
  package var headerGroups: [String: [HeaderPair]]
  /// Moved paths, sorted by source.
  package var redirects: [Redirect]
  /// Prefixes whose unknown extension-less navigations get a shell, longest first.
  package var spaRoutes: [SPARoute]
  /// Origin for absolute URLs, such as `https://example.org`.
  package var baseURL: String
  /// Names and versions of the coders, since another version gives other bytes.
  package var coders: [String: String]

  package init(
    entries: [BundleEntry] = [], headerGroups: [String: [HeaderPair]] = [:],
    redirects: [Redirect] = [], spaRoutes: [SPARoute] = [], baseURL: String = "",
    coders: [String: String] = [:]
  ) {
    self.entries = entries.sorted { $0.key < $1.key }
    self.headerGroups = headerGroups
    self.redirects = redirects.sorted { $0.from < $1.from }
    self.spaRoutes = spaRoutes.sorted {
      ($1.prefix.count, $0.prefix) < ($0.prefix.count, $1.prefix)
    }
    self.baseURL = baseURL
    self.coders = coders
  }

  /// The entry of a key, by binary search.
  package func entry(_ key: String) -> BundleEntry? {
    var low = 0
    var high = entries.count
    while low < high {
      let middle = (low + high) / 2
      if entries[middle].key == key { return entries[middle] }
      if entries[middle].key < key { low = middle + 1 } else { high = middle }
    }
    return nil
  }
}

/// One published file.
package struct BundleEntry: Sendable, Hashable {
  /// What the file is to an upload: assets go before pages.
  package enum Kind: String, Sendable, Hashable, CaseIterable {
    /// Fingerprinted: the name changes with the bytes.
    case asset
    /// Stable name, not a page: images, robots.txt, config.js.
    case file
    /// HTML.
    case page
    /// Feeds, sitemap: after the pages they name.
    case index
  }

  /// Path below the root without a leading slash: `about/index.html`.
  package var key: String
  package var kind: Kind
  /// Lower-case hexadecimal SHA-256 of the raw bytes.
  package var sha256: String
  /// Size of the raw bytes.
  package var bytes: Int
  /// Media type with charset where it has one.
  package var contentType: String
  /// The `Cache-Control` field.
  package var cacheControl: String
  /// Name of the header group.
  package var headerGroup: String
  /// Encoded variants beside the file.
  package var encodings: [EncodedVariant]

  package init(
    key: String, kind: Kind, sha256: String, bytes: Int, contentType: String, cacheControl: String,
    headerGroup: String, encodings: [EncodedVariant] = []
  ) {
    self.key = key
    self.kind = kind
    self.sha256 = sha256
    self.bytes = bytes
    self.contentType = contentType
    self.cacheControl = cacheControl
    self.headerGroup = headerGroup
    self.encodings = encodings
  }

  /// The strong entity tag of the raw bytes, with its quotes.
  package var entityTag: String { "\"\(sha256.prefix(32))\"" }
}

/// A compressed twin of a file, never uploaded by its own key.
package struct EncodedVariant: Sendable, Hashable {
  /// The content coding: `gzip` or `br`.
  package var coding: String
  /// Path below the root: `about/index.html.gz`.
  package var key: String
  package var sha256: String
  package var bytes: Int

  package init(coding: String, key: String, sha256: String, bytes: Int) {
    self.coding = coding
    self.key = key
    self.sha256 = sha256
    self.bytes = bytes
  }
}

/// One header field of a group.
package struct HeaderPair: Sendable, Hashable {
  package var name: String
  package var value: String

  package init(_ name: String, _ value: String) {
    self.name = name
    self.value = value
  }
}

/// A moved path.
package struct Redirect: Sendable, Hashable {
  /// Path with its leading slash.
  package var from: String
  /// Path or absolute URL.
  package var to: String
  package var status: Int

  package init(from: String, to: String, status: Int = 301) {
    self.from = from
    self.to = to
    self.status = status
  }
}

/// A prefix whose unknown navigations get a shell.
package struct SPARoute: Sendable, Hashable {
  /// Path with both slashes: `/app/`.
  package var prefix: String
  /// Key of the shell: `app/index.html`.
  package var shell: String

  package init(prefix: String, shell: String) {
    self.prefix = prefix
    self.shell = shell
  }
}
