/// The directives of `Cache-Control` (RFC 9111 §5.2) as a value.
struct CacheDirectives: Sendable, Hashable {
  /// A number of seconds; what is no number means zero, since RFC 9111 §4.2.1 calls it stale.
  typealias Seconds = Int
  /// RFC 9111 §1.2.2: more than this counts as this.
  static let mostSeconds = 2_147_483_647

  var noStore = false
  var noCache = false
  var noTransform = false
  var isPrivate = false
  var isPublic = false
  var mustRevalidate = false
  var proxyRevalidate = false
  var mustUnderstand = false
  var onlyIfCached = false
  var maxAge: Seconds?
  var sharedMaxAge: Seconds?
  var staleWhileRevalidate: Seconds?
  var staleIfError: Seconds?
  var minFresh: Seconds?
  /// Without a value: any staleness.
  var maxStale: Seconds?

  init() {}

  /// Reads the joined lines of the field; unknown directives are left out.
  init(_ field: String?) {
    guard let field else { return }
    var reader = DirectiveReader(field)
    while let (name, value) = reader.next() { set(name, value) }
  }

  private mutating func set(_ name: String, _ value: String?) {
    switch name {
    case "no-store": noStore = true
    case "no-cache": noCache = true
    case "no-transform": noTransform = true
    // With field names too the whole answer is private: RFC 9111 §5.2.2.7 allows it.
    case "private": isPrivate = true
    case "public": isPublic = true
    case "must-revalidate": mustRevalidate = true
    case "proxy-revalidate": proxyRevalidate = true
    case "must-understand": mustUnderstand = true
    case "only-if-cached": onlyIfCached = true
    // The first of two wins (RFC 9111 §4.2.1).
    case "max-age": maxAge = maxAge ?? Self.seconds(value)
    case "s-maxage": sharedMaxAge = sharedMaxAge ?? Self.seconds(value)
    case "stale-while-revalidate":
      staleWhileRevalidate = staleWhileRevalidate ?? Self.seconds(value)
    case "stale-if-error": staleIfError = staleIfError ?? Self.seconds(value)
    case "min-fresh": minFresh = minFresh ?? Self.seconds(value)
    case "max-stale": maxStale = maxStale ?? (value.map { Self.seconds($0) } ?? Self.mostSeconds)
    default: break
    }
  }

  /// Digits only; anything else is zero, and too much is as much as there is.
  static func seconds(_ text: String?) -> Seconds {
    guard let text, !text.isEmpty, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
      return 0
    }
    return min(Int(text) ?? mostSeconds, mostSeconds)
  }
}

/// Splits a list of directives, minding quoted strings (RFC 9110 §5.6.4).
struct DirectiveReader {
  private let bytes: [UInt8]
  private var at = 0

  init(_ text: String) { bytes = Array(text.utf8) }

  /// The next directive: its name in lower case and its value, unquoted; empty ones are skipped.
  mutating func next() -> (name: String, value: String?)? {
    while at < bytes.count, isSpace(bytes[at]) || bytes[at] == UInt8(ascii: ",") { at += 1 }
    guard at < bytes.count else { return nil }
    let start = at
    while at < bytes.count, bytes[at] != UInt8(ascii: ","), bytes[at] != UInt8(ascii: "=") {
      at += 1
    }
    guard at < bytes.count, bytes[at] == UInt8(ascii: "=") else {
      return (trimmed(bytes[start..<at]).lowercased(), nil)
    }
    // Space around '=' is no syntax: such a name is unknown, such a number no number.
    let name = String(decoding: bytes[start..<at], as: UTF8.self).lowercased()
    at += 1
    return (name, value())
  }

  private mutating func value() -> String {
    if at < bytes.count, bytes[at] == UInt8(ascii: "\"") { return quoted() }
    let start = at
    skipMember()
    return trimmed(bytes[start..<at])
  }

  private mutating func quoted() -> String {
    at += 1
    var out: [UInt8] = []
    while at < bytes.count, bytes[at] != UInt8(ascii: "\"") {
      if bytes[at] == UInt8(ascii: "\\"), at + 1 < bytes.count { at += 1 }
      out.append(bytes[at])
      at += 1
    }
    at += 1
    skipMember()
    return String(decoding: out, as: UTF8.self)
  }

  private mutating func skipMember() {
    while at < bytes.count, bytes[at] != UInt8(ascii: ",") { at += 1 }
  }

  private func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }

  private func trimmed(_ slice: ArraySlice<UInt8>) -> String {
    var rest = slice
    while let last = rest.last, isSpace(last) { rest.removeLast() }
    return String(decoding: rest, as: UTF8.self)
  }
}
