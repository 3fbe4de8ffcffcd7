/// A request target in origin form with the one canonical path that matching, authorizing, caching
/// and forwarding share (spec: RFC 9112 §3.2.1, RFC 3986 §6).
package struct RequestTarget: Sendable, Hashable {
  /// Why a target is refused.
  package enum Refusal: String, Error, Sendable {
    case notOriginForm = "the request target does not begin with '/'"
    case fragment = "the request target has a fragment"
    case badEscape = "the path has a broken percent-escape"
    case forbiddenOctet = "the path has an escaped NUL, slash or backslash, or a control character"
    case notUTF8 = "the path is not UTF-8"
    case dotSegment = "the path has a '.' or '..' segment"
    case emptyAuthority = "the path begins with '//'"
  }

  /// The path as received.
  package let rawPath: String
  /// The path decoded once.
  package let path: String
  /// What follows the first `?`, undecoded; nil without one.
  package let query: String?

  /// Takes a target that is known to be canonical, as tests and the gateway itself write.
  package init(path: String, query: String? = nil) {
    rawPath = path
    self.path = path
    self.query = query
  }

  /// Reads a target as received; refuses what different readers would read differently.
  package init(parsing raw: String) throws(Refusal) {
    var text = raw
    let shape = text.withUTF8(Self.shape)
    if let refusal = shape.refusal { throw refusal }
    let plain = shape.isPlain
    let bytes = raw.utf8
    let queryAt = shape.query.map { bytes.index(bytes.startIndex, offsetBy: $0) }
    if let queryAt {
      let text = raw[raw.index(after: queryAt)...]
      if text.utf8.contains(UInt8(ascii: "#")) { throw .fragment }
      query = String(text)
      rawPath = String(raw[..<queryAt])
    } else {
      query = nil
      rawPath = raw
    }
    path = plain ? rawPath : try Self.decode(rawPath)
  }

  /// Whether a target is its own canonical path: nothing to decode, no query.
  package static func isCanonical(_ raw: String) -> Bool {
    var raw = raw
    let shape = raw.withUTF8(Self.shape)
    return shape.isPlain && shape.query == nil
  }

  /// What a look at the bytes tells: whether the path needs no decoding, and where the query is.
  private static func shape(_ bytes: UnsafeBufferPointer<UInt8>)
    -> (isPlain: Bool, query: Int?, refusal: Refusal?)
  {
    guard bytes.first == UInt8(ascii: "/") else { return (false, nil, .notOriginForm) }
    var plain = true
    var previous: UInt8 = 0
    var query: Int?
    for index in bytes.indices {
      let byte = bytes[index]
      if byte == UInt8(ascii: "?") {
        query = index
        break
      }
      if byte == UInt8(ascii: "#") { return (false, nil, .fragment) }
      if byte <= 0x20 || byte == 0x7F || byte == UInt8(ascii: "\\") {
        return (false, nil, .forbiddenOctet)
      }
      if byte == UInt8(ascii: "%") || byte >= 0x80 { plain = false }
      if byte == UInt8(ascii: "."), previous == UInt8(ascii: "/") { plain = false }
      previous = byte
    }
    if bytes.count > 1, bytes[1] == UInt8(ascii: "/") { return (false, nil, .emptyAuthority) }
    return (plain, query, nil)
  }

  private static func decode(_ raw: String) throws(Refusal) -> String {
    var out: [UInt8] = []
    out.reserveCapacity(raw.utf8.count)
    var iterator = raw.utf8.makeIterator()
    while let byte = iterator.next() {
      guard byte == UInt8(ascii: "%") else {
        out.append(byte)
        continue
      }
      guard let high = iterator.next().flatMap(hexValue),
        let low = iterator.next().flatMap(hexValue)
      else { throw .badEscape }
      let value = high << 4 | low
      if value < 0x20 || value == 0x7F || value == UInt8(ascii: "/") || value == UInt8(ascii: "\\")
      {
        throw .forbiddenOctet
      }
      out.append(value)
    }
    for segment in out.split(separator: UInt8(ascii: "/")) {
      let isDot = segment.elementsEqual([0x2E]) || segment.elementsEqual([0x2E, 0x2E])
      if isDot { throw .dotSegment }
    }
    guard let text = String(validating: out, as: UTF8.self) else { throw .notUTF8 }
    return text
  }

  private static func hexValue(_ byte: UInt8) -> UInt8? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
    default: nil
    }
  }

  /// Path and query as they are forwarded.
  package var originForm: String { query.map { "\(rawPath)?\($0)" } ?? rawPath }

  /// The query's pairs decoded as a form would be: `+` is a space, a broken escape stays literal.
  package var queryItems: [(name: String, value: String)] {
    guard let query, !query.isEmpty else { return [] }
    return query.split(separator: "&", omittingEmptySubsequences: true).map { pair in
      let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      return (
        PercentEncoding.decodeForm(parts[0]),
        parts.count > 1 ? PercentEncoding.decodeForm(parts[1]) : ""
      )
    }
  }

  /// The first value of a query parameter.
  package func queryValue(_ name: String) -> String? {
    queryItems.first { $0.name == name }?.value
  }
}

/// Percent-encoding by RFC 3986 and forms by the URL standard.
package enum PercentEncoding {
  /// Decodes a form component: `+` is a space, a broken escape stays as it is.
  package static func decodeForm(_ text: some StringProtocol) -> String {
    decode(Array(text.utf8), plusIsSpace: true)
  }

  /// Decodes a path or query component; a broken escape stays as it is.
  package static func decode(_ text: some StringProtocol) -> String {
    decode(Array(text.utf8), plusIsSpace: false)
  }

  private static func decode(_ bytes: [UInt8], plusIsSpace: Bool) -> String {
    var out: [UInt8] = []
    var index = 0
    while index < bytes.count {
      let byte = bytes[index]
      if byte == UInt8(ascii: "%"), index + 2 < bytes.count,
        let value = UInt8(String(decoding: bytes[index + 1...index + 2], as: UTF8.self), radix: 16),
        bytes[index + 1] != UInt8(ascii: "+"), bytes[index + 1] != UInt8(ascii: "-")
      {
        out.append(value)
        index += 3
        continue
      }
      out.append(plusIsSpace && byte == UInt8(ascii: "+") ? 0x20 : byte)
      index += 1
    }
    return String(decoding: out, as: UTF8.self)
  }

  /// Encodes everything but the unreserved characters of RFC 3986 §2.3 and those in `keeping`.
  package static func encode(_ text: String, keeping: String = "") -> String {
    let digits = Array("0123456789ABCDEF".utf8)
    let kept = Array(keeping.utf8)
    var out: [UInt8] = []
    for byte in text.utf8 {
      switch byte {
      case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F, 0x7E: out.append(byte)
      case _ where kept.contains(byte): out.append(byte)
      default: out += [0x25, digits[Int(byte >> 4)], digits[Int(byte & 15)]]
      }
    }
    return String(decoding: out, as: UTF8.self)
  }
}
