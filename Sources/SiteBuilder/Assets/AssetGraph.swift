import Cryptography
import Diagnostics
import Synchronization

/// A finished asset under its fingerprinted name.
struct Asset: Sendable, Hashable {
  /// The key before: `assets/css/site.css`.
  var source: String
  /// The key after: `assets/css/site.3f2a9c0d1e2b4a5f.css`.
  var key: String
  var bytes: [UInt8]
  /// The `integrity` attribute, made of the final bytes.
  var integrity: String
  /// Source keys of the modules it imports statically.
  var imports: [String] = []
}

/// All assets by source key, with every reference between them rewritten.
struct AssetGraph: Sendable {
  var assets: [String: Asset] = [:]

  /// Names files below `assets/` after their content.
  ///
  /// - Parameters:
  ///   - sources: bytes by key, with the path people know.
  ///   - stable: addresses that are no asset but exist: static files, `config.js`.
  static func build(
    _ sources: [(key: String, file: String, bytes: [UInt8])], stable: Set<String>,
    allowed: HeaderPolicy, findings: Findings
  ) -> AssetGraph {
    var builder = AssetGraphBuilder(
      sources: Dictionary(
        sources.map { ($0.key, AssetSource(key: $0.key, file: $0.file, bytes: $0.bytes)) },
        uniquingKeysWith: { first, _ in first }), stable: stable, policy: allowed,
      findings: findings)
    return builder.build()
  }

  /// Everything a module imports, directly or not, in the order of discovery and without itself.
  func importClosure(of source: String) -> [Asset] {
    var found: [Asset] = []
    var seen: Set<String> = [source]
    var queue = assets[source]?.imports ?? []
    var next = 0
    while next < queue.count {
      let key = queue[next]
      next += 1
      guard seen.insert(key).inserted, let asset = assets[key] else { continue }
      found.append(asset)
      queue += asset.imports
    }
    return found
  }

  /// A name with a fingerprint before its extension: 16 hexadecimal digits, 64 bits.
  static func fingerprinted(_ key: String, _ digest: Digest) -> String {
    let suffix = MediaTypes.fileExtension(key)
    let stem = suffix.isEmpty ? key : String(key.dropLast(suffix.utf8.count + 1))
    return "\(stem).\(digest.hex.prefix(16))" + (suffix.isEmpty ? "" : ".\(suffix)")
  }

  static func integrity(of bytes: [UInt8]) -> String { "sha384-" + SHA384.hash(bytes).base64 }

  static func asset(_ source: String, _ bytes: [UInt8], digest: Digest? = nil) -> Asset {
    let key = fingerprinted(source, digest ?? SHA256.hash(bytes))
    return Asset(source: source, key: key, bytes: bytes, integrity: integrity(of: bytes))
  }
}

struct AssetSource {
  var key: String
  var file: String
  var bytes: [UInt8]
  var references: [(reference: AssetReference, target: String)] = []

  func place(_ offset: Int) -> Place { Place(file: file, text: bytes, offset: offset) }
}

/// Orders assets by what they name and rewrites them from the leaves up. Files that name each other
/// in a circle get one fingerprint together, since none of their names can be part of its own.
private struct AssetGraphBuilder {
  var sources: [String: AssetSource]
  let stable: Set<String>
  let policy: HeaderPolicy
  let findings: Findings
  private var made = AssetGraph()
  /// New keys by old ones, of what is finished.
  private var names: [String: String] = [:]

  init(
    sources: [String: AssetSource], stable: Set<String>, policy: HeaderPolicy, findings: Findings
  ) {
    self.sources = sources
    self.stable = stable
    self.policy = policy
    self.findings = findings
  }

  mutating func build() -> AssetGraph {
    let keys = sources.keys.sorted()
    for key in keys { readReferences(key) }
    let edges = sources.mapValues { Set($0.references.map(\.target)).sorted() }
    for component in StronglyConnected.components(of: keys, edges: edges) { finish(component) }
    return made
  }

  // MARK: References

  private mutating func readReferences(_ key: String) {
    guard var source = sources[key] else { return }
    let suffix = MediaTypes.fileExtension(key)
    do throws(AssetSyntaxError) {
      switch suffix {
      case "css":
        for reference in try StylesheetLexer.references(in: source.bytes) {
          resolve(reference, in: &source, isScript: false)
        }
      case "js", "mjs":
        for reference in try JavaScriptLexer.references(in: source.bytes) {
          resolve(reference, in: &source, isScript: true)
        }
      default: break
      }
    } catch {
      findings.note(
        Diagnostic(
          .assetSyntax, error.message, at: source.place(error.offset),
          remedy: "mend the file at this place"))
    }
    sources[key] = source
  }

  private func resolve(
    _ reference: AssetReference, in source: inout AssetSource, isScript: Bool
  ) {
    let address = reference.address
    if address.isEmpty || address.hasPrefix("data:") || address.hasPrefix("#") { return }
    let place = source.place(reference.range.lowerBound)
    if Address.isAbsolute(address) {
      let directives = isScript ? ["script-src"] : ["img-src", "font-src", "style-src"]
      if !directives.contains(where: { policy.allows(address, in: $0) }) {
        findings.note(HeaderPolicy.blocked(address, directives[0], at: place))
      }
      return
    }
    if isScript, !address.hasPrefix("/"), !address.hasPrefix("./"), !address.hasPrefix("../") {
      findings.note(
        Diagnostic(
          .assetMissing, "'\(address)' is a bare module name, which browsers cannot resolve",
          at: place, remedy: "name the file, as in './\(address).js'"))
      return
    }
    let target = Address.resolve(address, from: "/" + source.key).path
    let key = String(target.dropFirst())
    if sources[key] != nil {
      source.references.append((reference, key))
    } else if !stable.contains(target) {
      let near = Suggestion.nearestPath(to: target, among: sources.keys.map { "/" + $0 })
      findings.note(
        Diagnostic(
          .assetMissing, "'\(address)' does not exist", at: place,
          remedy: near.map { "did you mean '\($0)'?" } ?? "add the file, or mend the address"))
    }
  }

  // MARK: Names

  private mutating func finish(_ component: [String]) {
    let members = Set(component)
    let isCircle =
      component.count > 1
      || component.contains { key in
        sources[key]?.references.contains { $0.target == key } ?? false
      }
    guard isCircle else {
      for key in component {
        add(AssetGraph.asset(key, rewritten(key, names: names)))
      }
      return
    }
    let outside = names
    var whole: [UInt8] = []
    for key in component.sorted() {
      whole += Array(key.utf8) + [0] + rewritten(key, names: outside) + [0]
    }
    let digest = SHA256.hash(whole)
    var inside = outside
    for key in members { inside[key] = AssetGraph.fingerprinted(key, digest) }
    for key in component {
      add(AssetGraph.asset(key, rewritten(key, names: inside), digest: digest))
    }
  }

  private mutating func add(_ asset: Asset) {
    var asset = asset
    asset.imports = (sources[asset.source]?.references ?? [])
      .filter { !$0.reference.isDynamic && MediaTypes.isScript($0.target) }.map(\.target)
    made.assets[asset.source] = asset
    names[asset.source] = asset.key
  }

  /// The bytes of a file with the addresses it names replaced where the new name is known.
  private func rewritten(_ key: String, names: [String: String]) -> [UInt8] {
    guard let source = sources[key] else { return [] }
    var edits = PageEdits()
    for (reference, target) in source.references {
      guard let name = names[target] else { continue }
      edits.replace(reference.range, with: Address.renamed(reference.address, to: name))
    }
    return edits.apply(to: source.bytes)
  }
}

/// Tarjan's algorithm without recursion: components in the order in which they can be finished.
enum StronglyConnected {
  static func components(of keys: [String], edges: [String: [String]]) -> [[String]] {
    var index: [String: Int] = [:]
    var low: [String: Int] = [:]
    var onStack: Set<String> = []
    var stack: [String] = []
    var components: [[String]] = []
    for root in keys where index[root] == nil {
      var work: [(key: String, next: Int)] = [(root, 0)]
      while let (key, next) = work.last {
        if next == 0 {
          index[key] = index.count
          low[key] = index[key]
          stack.append(key)
          onStack.insert(key)
        }
        let targets = edges[key] ?? []
        if next < targets.count {
          work[work.count - 1].next += 1
          let target = targets[next]
          if index[target] == nil {
            work.append((target, 0))
          } else if onStack.contains(target) {
            low[key] = min(low[key] ?? 0, index[target] ?? 0)
          }
          continue
        }
        work.removeLast()
        if let parent = work.last?.key { low[parent] = min(low[parent] ?? 0, low[key] ?? 0) }
        guard low[key] == index[key] else { continue }
        var component: [String] = []
        while let member = stack.popLast() {
          onStack.remove(member)
          component.append(member)
          if member == key { break }
        }
        components.append(component.sorted())
      }
    }
    return components
  }
}
