import Diagnostics

/// Addresses in pages, style sheets and scripts.
enum Address {
  /// Whether an address names another origin: it has a scheme, or begins with two slashes.
  static func isAbsolute(_ address: String) -> Bool {
    address.hasPrefix("//") || scheme(of: address) != nil
  }

  /// The scheme in lower case, or nil.
  static func scheme(of address: String) -> String? {
    guard let colon = address.utf8.firstIndex(of: UInt8(ascii: ":")) else { return nil }
    let scheme = address[..<colon]
    guard let first = scheme.utf8.first, HTMLScanner.isLetter(first),
      scheme.utf8.allSatisfy({
        HTMLScanner.isLetter($0) || (0x30...0x39).contains($0) || "+-.".utf8.contains($0)
      })
    else { return nil }
    return scheme.lowercased()
  }

  /// Scheme and host of an absolute address: `https://example.org`.
  static func origin(of address: String) -> String? {
    guard let scheme = scheme(of: address) else {
      return address.hasPrefix("//") ? "https:" + origin(after: address.dropFirst(0)) : nil
    }
    let rest = address.dropFirst(scheme.utf8.count + 1)
    return rest.hasPrefix("//") ? scheme + ":" + origin(after: rest) : nil
  }

  private static func origin(after rest: Substring) -> String {
    "//" + rest.dropFirst(2).prefix { !"/?#".contains($0) }.lowercased()
  }

  /// Splits an address into path, query and fragment.
  static func split(_ address: String) -> (path: String, query: String, fragment: String?) {
    var path = Substring(address)
    var fragment: String?
    if let hash = path.firstIndex(of: "#") {
      fragment = String(path[path.index(after: hash)...])
      path = path[..<hash]
    }
    guard let mark = path.firstIndex(of: "?") else { return (String(path), "", fragment) }
    return (String(path[..<mark]), String(path[mark...]), fragment)
  }

  /// The path that an address means on the page or file at `base`, by RFC 3986 §5.2.
  static func resolve(_ address: String, from base: String) -> (
    path: String, query: String, fragment: String?
  ) {
    let (path, query, fragment) = split(address)
    if path.isEmpty { return (base, query, fragment) }
    if !path.utf8.contains(UInt8(ascii: ".")), path.hasPrefix("/") {
      return (path, query, fragment)
    }
    let folder =
      path.hasPrefix("/") ? "" : String(base[...(base.lastIndex(of: "/") ?? base.startIndex)])
    var segments: [Substring] = []
    let all = (folder + path).split(separator: "/", omittingEmptySubsequences: false).dropFirst()
    for segment in all {
      switch segment {
      case ".": continue
      case "..": _ = segments.popLast()
      default: segments.append(segment)
      }
    }
    if let last = all.last, last == "." || last == ".." { segments.append("") }
    return ("/" + segments.joined(separator: "/"), query, fragment)
  }

  /// The address with its last segment replaced by that of a new key; how it was written stays.
  static func renamed(_ address: String, to key: String) -> String {
    let (path, query, fragment) = split(address)
    let name = key[(key.lastIndex(of: "/").map(key.index(after:)) ?? key.startIndex)...]
    let folder = path.lastIndex(of: "/").map { path[...$0] } ?? ""
    return folder + name + query + (fragment.map { "#\($0)" } ?? "")
  }

  /// Percent-decoded text, or nil when it is not UTF-8.
  static func decoded(_ text: String) -> String? {
    guard text.utf8.contains(UInt8(ascii: "%")) else { return text }
    var bytes: [UInt8] = []
    let source = Array(text.utf8)
    var at = 0
    while at < source.count {
      if source[at] == UInt8(ascii: "%"), at + 2 < source.count,
        let byte = UInt8(String(decoding: source[at + 1...at + 2], as: UTF8.self), radix: 16)
      {
        bytes.append(byte)
        at += 3
      } else {
        bytes.append(source[at])
        at += 1
      }
    }
    return String(validating: bytes, as: UTF8.self)
  }
}

extension Suggestion {
  /// The nearest path: by its whole text, or by its last segment.
  static func nearestPath(to path: String, among candidates: [String]) -> String? {
    let sorted = candidates.sorted()
    if let near = nearest(to: path, among: sorted) { return near }
    func last(_ path: String) -> String {
      path.split(separator: "/").last.map(String.init) ?? path
    }
    let name = last(path)
    guard let near = nearest(to: name, among: sorted.map(last)) else { return nil }
    return sorted.first { last($0) == near }
  }
}

/// Replacements in a text, applied in one pass.
struct PageEdits {
  private var edits: [(range: Range<Int>, text: [UInt8])] = []

  var isEmpty: Bool { edits.isEmpty }

  mutating func replace(_ range: Range<Int>, with text: String) {
    edits.append((range, Array(text.utf8)))
  }

  mutating func insert(_ text: String, at offset: Int) {
    edits.append((offset..<offset, Array(text.utf8)))
  }

  func apply(to bytes: [UInt8]) -> [UInt8] {
    if edits.isEmpty { return bytes }
    var out: [UInt8] = []
    out.reserveCapacity(bytes.count + edits.reduce(0) { $0 + $1.text.count })
    var at = 0
    let ordered = edits.enumerated().sorted {
      ($0.element.range.lowerBound, $0.offset) < ($1.element.range.lowerBound, $1.offset)
    }
    for (_, edit) in ordered where edit.range.lowerBound >= at {
      out.append(contentsOf: bytes[at..<edit.range.lowerBound])
      out.append(contentsOf: edit.text)
      at = edit.range.upperBound
    }
    out.append(contentsOf: bytes[at...])
    return out
  }
}
