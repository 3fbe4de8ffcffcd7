import AWS
import Cryptography
import SiteBundle

/// Which paths the edge is told to forget: each by itself while they are few, else by folder.
package struct InvalidationPlan: Sendable, Hashable {
  /// Bounds of one invalidation.
  package struct Limits: Sendable, Hashable {
    /// Paths in one invalidation; the first 1,000 a month cost nothing, `/*` counts as one.
    package var paths: Int
    /// Paths with `*`; CloudFront allows 15 in progress.
    package var wildcards: Int

    package init(paths: Int = 30, wildcards: Int = 15) {
      self.paths = max(1, paths)
      self.wildcards = max(1, wildcards)
    }
  }

  /// Encoded paths, sorted; empty when nothing has to be forgotten.
  package let paths: [String]

  /// Chooses the paths.
  ///
  /// - Parameters:
  ///   - changed: keys whose copies may be old.
  ///   - all: every key of the site, to weigh what a wildcard takes with it.
  ///   - shells: SPA routes, whose shell answers a whole prefix.
  package init(
    changed: Set<String>, all: [String], shells: [SPARoute] = [], limits: Limits = Limits()
  ) {
    let wide = shells.filter { changed.contains($0.shell) }.map { $0.prefix + "*" }
    let exact = changed.flatMap(Self.urls).map(Self.encode) + wide.map(Self.encode)
    let distinct = Set(exact)
    let wildcards = distinct.count { $0.hasSuffix("*") }
    if distinct.count <= limits.paths, wildcards <= limits.wildcards {
      paths = distinct.sorted()
      return
    }
    let tree = FolderTree(changed: changed, all: all, shells: shells)
    paths = tree.cover(limits: limits).map(Self.encode).sorted()
  }

  /// The same deploy asks for the same invalidation again, another deploy never does.
  package func callerReference(release: String) -> String {
    let text = release + "\n" + paths.joined(separator: "\n")
    return "portico-\(SHA256.hash(text).hex.prefix(40))"
  }

  /// The URLs that show an object: a page answers at its folder with and without the slash, since
  /// the viewer-request function rewrites both.
  static func urls(of key: String) -> [String] {
    if key == "index.html" { return ["/", "/index.html"] }
    guard key.hasSuffix("/index.html") else { return ["/\(key)"] }
    let folder = key.dropLast("/index.html".count)
    return ["/\(folder)", "/\(folder)/", "/\(key)"]
  }

  /// CloudFront's rule: encode what is not ASCII or unsafe by RFC 1738 §2.2, and nothing else.
  static func encode(_ path: String) -> String {
    var out: [UInt8] = []
    for byte in path.utf8 {
      if byte <= 0x20 || byte >= 0x7F || unsafe.contains(byte) {
        out.append(UInt8(ascii: "%"))
        out.append(contentsOf: Hex.encode([byte]).uppercased().utf8)
      } else {
        out.append(byte)
      }
    }
    return String(decoding: out, as: UTF8.self)
  }

  private static let unsafe = Set("<>\"#%{}|\\^~[]`".utf8)
}

/// The site as folders, each of which one wildcard could cover.
private struct FolderTree {
  /// A folder with something to forget in it.
  private struct Folder {
    var path: String
    /// Folders in it that have something to forget.
    var children: [Int] = []
    /// Changed files directly in it.
    var changedFiles: [String] = []
    /// Files below it that did not change: what a wildcard would take with them.
    var collateral = 0
    /// The folder's page without its slash is outside the wildcard.
    var hasChangedPage = false
    /// A route's shell changed: every path below may show it.
    var isWide = false

    /// Paths that forget the whole folder.
    var wildcard: [String] {
      if path == "/" { return ["/*"] }
      return hasChangedPage ? ["\(path)*", String(path.dropLast())] : ["\(path)*"]
    }

    /// Paths that forget the changed files directly in it.
    var exact: [String] { changedFiles.flatMap(InvalidationPlan.urls) }
  }

  private var folders: [Folder] = [Folder(path: "/")]

  init(changed: Set<String>, all: [String], shells: [SPARoute]) {
    var index = ["/": 0]
    for key in changed.sorted() {
      let at = place(Self.folder(of: key), &index)
      folders[at].changedFiles.append(key)
      if key.hasSuffix("/index.html") { folders[at].hasChangedPage = true }
    }
    for route in shells where changed.contains(route.shell) {
      folders[place(route.prefix, &index)].isWide = true
    }
    for key in all where !changed.contains(key) {
      var path = Self.folder(of: key)
      while true {
        if let at = index[path] { folders[at].collateral += 1 }
        if path == "/" { break }
        path = Self.parent(of: path)
      }
    }
  }

  /// Starts with everything as one wildcard and divides the folder that takes most with it, as long
  /// as the bounds hold.
  func cover(limits: InvalidationPlan.Limits) -> [String] {
    var whole: [Int] = [0]
    var exact: [String] = []
    var closed: Set<Int> = []
    while true {
      let candidates = whole.filter {
        !closed.contains($0) && !folders[$0].isWide && folders[$0].collateral > 0
      }
      guard let widest = candidates.max(by: { isLess($0, $1) }) else { break }
      let divided = whole.filter { $0 != widest } + folders[widest].children
      let named = exact + folders[widest].exact
      let count = named.count + divided.reduce(0) { $0 + folders[$1].wildcard.count }
      if divided.count <= limits.wildcards, count <= limits.paths {
        whole = divided
        exact = named
      } else {
        closed.insert(widest)
      }
    }
    let paths = whole.flatMap { folders[$0].wildcard } + exact
    // One folder's two paths may be more than the limit; everything is one path.
    return paths.count <= limits.paths ? paths : ["/*"]
  }

  private func isLess(_ left: Int, _ right: Int) -> Bool {
    (folders[left].collateral, folders[right].path) < (
      folders[right].collateral, folders[left].path
    )
  }

  private mutating func place(_ path: String, _ index: inout [String: Int]) -> Int {
    if let at = index[path] { return at }
    let parent = place(Self.parent(of: path), &index)
    folders.append(Folder(path: path))
    let at = folders.count - 1
    index[path] = at
    folders[parent].children.append(at)
    return at
  }

  private static func folder(of key: String) -> String {
    guard let slash = key.lastIndex(of: "/") else { return "/" }
    return "/" + key[...slash]
  }

  private static func parent(of path: String) -> String {
    let slash = path.dropLast().lastIndex(of: "/") ?? path.startIndex
    return String(path[...slash])
  }
}
