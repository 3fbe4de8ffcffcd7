import Cryptography
import Diagnostics

/// What is wrong with a page, at an offset of its HTML.
struct PageProblem: Sendable {
  var offset: Int
  var code: DiagnosticCode
  var message: String
  var remedy: String?
}

/// A page with its references rewritten, and what it says about itself.
struct RewrittenPage: Sendable {
  var bytes: [UInt8] = []
  var problems: [PageProblem] = []
  /// Every `id`, for links to them.
  var ids: Set<String> = []
  /// Links to a place in a page, to be held against that page's ids.
  var anchors: [(url: String, fragment: String, offset: Int)] = []
  /// Code that stood in the page and is now a file.
  var extracted: [Asset] = []
  var isIndexed = true
}

/// Goes through a page's tags once: names fingerprinted files, adds integrity, moves code into files,
/// checks links and the policy.
struct PageRewriter {
  private let map: SiteMap
  private let url: String
  private let bytes: [UInt8]
  private var edits = PageEdits()
  private var page = RewrittenPage()
  private var preloaded: Set<String> = []

  private init(_ bytes: [UInt8], url: String, map: SiteMap) {
    self.bytes = bytes
    self.url = url
    self.map = map
  }

  static func rewrite(_ bytes: [UInt8], url: String, map: SiteMap) -> RewrittenPage {
    var rewriter = PageRewriter(bytes, url: url, map: map)
    var scanner = HTMLScanner(bytes)
    while let tag = scanner.next() { rewriter.visit(tag) }
    rewriter.page.bytes = rewriter.edits.apply(to: bytes)
    return rewriter.page
  }

  private mutating func visit(_ tag: HTMLTag) {
    if let (message, offset) = ForbiddenMarkup.reason(tag, in: bytes, allowsBlocks: true) {
      problem(offset, .inlineCode, message, remedy: ForbiddenMarkup.remedy)
    }
    if let id = text(tag, "id") {
      if !page.ids.insert(id).inserted {
        problem(
          tag.attribute("id")?.nameStart ?? tag.start, .linkDead, "the id '\(id)' is there twice",
          remedy: "an id names one element of a page: rename one of them")
      }
    }
    switch tag.name {
    case "a", "area": link(tag, "href")
    case "form": link(tag, "action")
    case "button", "input": link(tag, "formaction")
    case "link": linkElement(tag)
    case "script": script(tag)
    case "style": style(tag)
    case "img":
      resource(tag, "src", "img-src")
      sources(tag, "srcset")
    case "source":
      resource(tag, "src", "media-src")
      sources(tag, "srcset")
    case "video":
      resource(tag, "src", "media-src")
      resource(tag, "poster", "img-src")
    case "audio", "track": resource(tag, "src", "media-src")
    case "iframe": resource(tag, "src", "frame-src")
    case "embed": resource(tag, "src", "object-src")
    case "object": resource(tag, "data", "object-src")
    case "use", "image":
      resource(tag, "href", "img-src")
      resource(tag, "xlink:href", "img-src")
    case "meta": meta(tag)
    default: break
    }
  }

  private mutating func problem(
    _ offset: Int, _ code: DiagnosticCode, _ message: String, remedy: String? = nil
  ) {
    page.problems.append(
      PageProblem(offset: offset, code: code, message: message, remedy: remedy))
  }

  // MARK: Attributes

  /// The value of an attribute with its character references resolved.
  private func text(_ tag: HTMLTag, _ name: String) -> String? {
    guard let range = tag.attribute(name)?.value else { return nil }
    return CharacterReferences.resolve(bytes[range])
  }

  private mutating func replace(_ attribute: HTMLAttribute, with value: String) {
    guard let range = attribute.value else { return }
    var escaped = XMLText()
    escaped.text(value)
    let text = String(decoding: escaped.bytes, as: UTF8.self)
    edits.replace(range, with: attribute.isQuoted ? text : "\"\(text)\"")
  }

  // MARK: Links

  private mutating func link(_ tag: HTMLTag, _ name: String) {
    guard let attribute = tag.attribute(name), let range = attribute.value,
      let address = text(tag, name)
    else { return }
    if Address.isAbsolute(address) || ForbiddenMarkup.isCode(bytes[range]) { return }
    let (path, query, fragment) = Address.resolve(address, from: url)
    guard let decoded = Address.decoded(path) else {
      return problem(range.lowerBound, .linkDead, "'\(address)' is not a valid address")
    }
    switch map.target(of: decoded) {
    case .page(let canonical):
      if canonical != decoded {
        replace(attribute, with: canonical + query + (fragment.map { "#\($0)" } ?? ""))
      }
      note(fragment, of: canonical, at: range.lowerBound)
    case .asset(let asset):
      replace(attribute, with: "/" + asset.key + query + (fragment.map { "#\($0)" } ?? ""))
    case .file, .dynamic: break
    case .nothing: dead(address, decoded, at: range.lowerBound)
    }
  }

  private mutating func note(_ fragment: String?, of url: String, at offset: Int) {
    guard let fragment, !fragment.isEmpty, fragment != "top", !fragment.hasPrefix(":~:"),
      let decoded = Address.decoded(fragment)
    else { return }
    page.anchors.append((url, decoded, offset))
  }

  private mutating func dead(_ address: String, _ path: String, at offset: Int) {
    problem(
      offset, .linkDead, "'\(address)' leads nowhere",
      remedy: map.suggestion(for: path).map { "did you mean '\($0)'?" }
        ?? "mend the address, add the page, or list the path in site.dynamic_paths")
  }

  // MARK: Resources

  /// Rewrites an attribute that loads a file; returns the asset it names.
  @discardableResult
  private mutating func resource(_ tag: HTMLTag, _ name: String, _ directive: String) -> Asset? {
    guard let attribute = tag.attribute(name), let range = attribute.value,
      let address = text(tag, name), !address.isEmpty, !address.hasPrefix("#")
    else { return nil }
    let (rewritten, asset) = rewrittenAddress(address, directive, at: range.lowerBound)
    if let rewritten { replace(attribute, with: rewritten) }
    return asset
  }

  private mutating func rewrittenAddress(
    _ address: String, _ directive: String, at offset: Int
  ) -> (address: String?, asset: Asset?) {
    if Address.isAbsolute(address) {
      if !map.policy.allows(address, in: directive) {
        let blocked = HeaderPolicy.blocked(address, directive, at: nil)
        problem(offset, blocked.code, blocked.message, remedy: blocked.remedy)
      }
      return (nil, nil)
    }
    let (path, query, fragment) = Address.resolve(address, from: url)
    guard let decoded = Address.decoded(path) else { return (nil, nil) }
    switch map.target(of: decoded) {
    case .asset(let asset):
      return ("/" + asset.key + query + (fragment.map { "#\($0)" } ?? ""), asset)
    case .nothing:
      dead(address, decoded, at: offset)
      return (nil, nil)
    default: return (nil, nil)
    }
  }

  /// `srcset` and `imagesrcset`: addresses with descriptors, separated by commas.
  private mutating func sources(_ tag: HTMLTag, _ name: String) {
    guard let attribute = tag.attribute(name), let range = attribute.value,
      let value = text(tag, name)
    else { return }
    var changed = false
    var made: [String] = []
    for candidate in value.split(separator: ",") {
      var words = candidate.split(whereSeparator: \.isWhitespace).map(String.init)
      guard let address = words.first else { continue }
      if !address.hasPrefix("data:"),
        let new = rewrittenAddress(address, "img-src", at: range.lowerBound).address
      {
        words[0] = new
        changed = true
      }
      made.append(words.joined(separator: " "))
    }
    if changed { replace(attribute, with: made.joined(separator: ", ")) }
  }

  private mutating func linkElement(_ tag: HTMLTag) {
    let relations = Set(
      (text(tag, "rel") ?? "").lowercased().split(separator: " ").map(String.init))
    let destination = text(tag, "as")?.lowercased()
    if relations.contains("stylesheet") {
      protect(tag, resource(tag, "href", "style-src"))
    } else if relations.contains("modulepreload") {
      let asset = resource(tag, "href", "script-src")
      if let asset { preloaded.insert(asset.source) }
      protect(tag, asset)
    } else if relations.contains("preload") {
      let asset = resource(tag, "href", "\(Self.directives[destination ?? ""] ?? "default")-src")
      sources(tag, "imagesrcset")
      if destination == "script" || destination == "style" { protect(tag, asset) }
    } else if relations.contains("manifest") {
      resource(tag, "href", "manifest-src")
    } else if !relations.isDisjoint(with: ["icon", "apple-touch-icon", "mask-icon"]) {
      resource(tag, "href", "img-src")
    } else if relations.isDisjoint(with: ["preconnect", "dns-prefetch"]) {
      link(tag, "href")
    }
  }

  private static let directives = [
    "script": "script", "style": "style", "font": "font", "image": "img", "fetch": "connect",
  ]

  /// Adds integrity and the CORS mode that it needs.
  private mutating func protect(_ tag: HTMLTag, _ asset: Asset?) {
    guard let asset else { return }
    var added = ""
    if tag.attribute("integrity") == nil { added += " integrity=\"\(asset.integrity)\"" }
    if tag.attribute("crossorigin") == nil { added += " crossorigin=\"anonymous\"" }
    edits.insert(added, at: tag.attributesEnd)
  }

  private mutating func meta(_ tag: HTMLTag) {
    let name = (text(tag, "name") ?? text(tag, "property") ?? "").lowercased()
    if name == "robots", text(tag, "content")?.lowercased().contains("noindex") ?? false {
      page.isIndexed = false
    }
    if name == "og:image" || name == "twitter:image",
      !Address.isAbsolute(text(tag, "content") ?? "")
    {
      resource(tag, "content", "img-src")
    }
    let equivalent = text(tag, "http-equiv")?.lowercased()
    if equivalent == "content-security-policy" {
      problem(
        tag.start, .inlineCode, "a policy in the page would narrow the site's own",
        remedy: "remove it: the policy is sent as a header field")
    }
  }

  // MARK: Code

  private mutating func script(_ tag: HTMLTag) {
    let type = (text(tag, "type") ?? "").lowercased()
    if tag.attribute("src") != nil {
      let asset = resource(tag, "src", "script-src")
      if type == "module", let asset { preload(asset, before: tag.start) }
      return protect(tag, asset)
    }
    switch type {
    case "", "module", "text/javascript", "application/javascript", "text/ecmascript":
      extract(tag, suffix: "js", isModule: type == "module")
    case "importmap", "speculationrules":
      problem(
        tag.start, .inlineCode, "'\(type)' in a page is blocked by the policy",
        remedy: "import modules by their paths; the build names them")
    default: break
    }
  }

  /// Names everything a module imports, so that it is fetched at once and held against its digest.
  private mutating func preload(_ asset: Asset, before offset: Int) {
    var links = ""
    for imported in map.assets.importClosure(of: asset.source)
    where preloaded.insert(imported.source).inserted {
      links +=
        "<link rel=\"modulepreload\" href=\"/\(imported.key)\" integrity=\"\(imported.integrity)\""
        + " crossorigin=\"anonymous\">\n"
    }
    if !links.isEmpty { edits.insert(links, at: offset) }
  }

  private mutating func style(_ tag: HTMLTag) {
    guard let asset = extracted(tag, suffix: "css", isModule: false) else { return }
    let media = text(tag, "media").map { value in
      var escaped = XMLText()
      escaped.text(value)
      return " media=\"\(String(decoding: escaped.bytes, as: UTF8.self))\""
    }
    edits.replace(
      tag.start..<tag.bodyEnd,
      with: "<link rel=\"stylesheet\" href=\"/\(asset.key)\"\(media ?? "")"
        + " integrity=\"\(asset.integrity)\" crossorigin=\"anonymous\">")
  }

  private mutating func extract(_ tag: HTMLTag, suffix: String, isModule: Bool) {
    guard let body = tag.body, let asset = extracted(tag, suffix: suffix, isModule: isModule)
    else { return }
    edits.insert(
      " src=\"/\(asset.key)\" integrity=\"\(asset.integrity)\" crossorigin=\"anonymous\"",
      at: tag.attributesEnd)
    edits.replace(body, with: "")
  }

  /// The code of an element as a file of its own, with the addresses in it rewritten.
  private mutating func extracted(_ tag: HTMLTag, suffix: String, isModule: Bool) -> Asset? {
    guard let body = tag.body else { return nil }
    let code = Array(bytes[body])
    guard code.contains(where: { !HTMLScanner.isSpace($0) }) else { return nil }
    var references: [AssetReference] = []
    do throws(AssetSyntaxError) {
      references =
        suffix == "css"
        ? try StylesheetLexer.references(in: code)
        : isModule ? try JavaScriptLexer.references(in: code) : []
    } catch {
      problem(body.lowerBound + error.offset, .assetSyntax, error.message)
      return nil
    }
    var edits = PageEdits()
    for reference in references where !reference.address.hasPrefix("#") {
      if reference.address.hasPrefix("data:") { continue }
      let directive = suffix == "css" ? "img-src" : "script-src"
      let offset = body.lowerBound + reference.range.lowerBound
      if let new = rewrittenAddress(reference.address, directive, at: offset).address {
        edits.replace(reference.range, with: new)
      }
    }
    let asset = AssetGraph.asset("assets/page.\(suffix)", edits.apply(to: code))
    page.extracted.append(asset)
    return asset
  }
}

/// The character references that addresses are written with.
enum CharacterReferences {
  private static let named: [(name: String, byte: UInt8)] = [
    ("amp;", 0x26), ("lt;", 0x3C), ("gt;", 0x3E), ("quot;", 0x22), ("apos;", 0x27),
  ]

  static func resolve(_ bytes: ArraySlice<UInt8>) -> String {
    guard bytes.contains(UInt8(ascii: "&")) else { return String(decoding: bytes, as: UTF8.self) }
    var out: [UInt8] = []
    var at = bytes.startIndex
    while at < bytes.endIndex {
      guard bytes[at] == UInt8(ascii: "&") else {
        out.append(bytes[at])
        at += 1
        continue
      }
      let rest = bytes[(at + 1)...]
      if let (name, byte) = named.first(where: { rest.starts(with: $0.name.utf8) }) {
        out.append(byte)
        at += 1 + name.utf8.count
      } else if let (scalar, length) = numeric(rest) {
        out.append(contentsOf: Array(String(Character(scalar)).utf8))
        at += 1 + length
      } else {
        out.append(bytes[at])
        at += 1
      }
    }
    return String(decoding: out, as: UTF8.self)
  }

  private static func numeric(_ rest: ArraySlice<UInt8>) -> (Unicode.Scalar, Int)? {
    guard rest.first == UInt8(ascii: "#"),
      let end = rest.prefix(10).firstIndex(of: UInt8(ascii: ";"))
    else { return nil }
    let digits = String(decoding: rest[(rest.startIndex + 1)..<end], as: UTF8.self)
    let value =
      digits.lowercased().hasPrefix("x")
      ? UInt32(digits.dropFirst(), radix: 16) : UInt32(digits)
    guard let value, let scalar = Unicode.Scalar(value) else { return nil }
    return (scalar, end - rest.startIndex + 1)
  }
}
