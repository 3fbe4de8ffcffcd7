/// A reader for the XML that AWS answers: elements and text, no document types, no attributes kept.
///
/// S3's and CloudFront's answers use nothing else. A document type is refused, so entities cannot
/// be defined, and depth and size are bounded by the caller's body limit and `depthLimit`.
struct XMLReader {
  enum Event: Equatable {
    case start(String)
    case text(String)
    case end(String)
  }

  struct Malformed: Error, Equatable {
    let reason: String
    let offset: Int
  }

  private static let depthLimit = 32

  private let bytes: [UInt8]
  private var at = 0
  private var open: [String] = []
  private var pendingEnd: String?

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  /// The next event, or nil after the document's end.
  mutating func next() throws(Malformed) -> Event? {
    if let name = pendingEnd {
      pendingEnd = nil
      return .end(name)
    }
    while at < bytes.count {
      if bytes[at] != UInt8(ascii: "<") {
        let text = try text()
        // White space outside and between elements says nothing.
        if text.isEmpty { continue }
        return .text(text)
      }
      if starts("<?") {
        try skip(past: "?>")
      } else if starts("<!--") {
        try skip(past: "-->")
      } else if starts("<!") {
        throw fail("a document type or CDATA section")
      } else if starts("</") {
        return try closing()
      } else {
        return try opening()
      }
    }
    if !open.isEmpty { throw fail("'\(open.last ?? "")' is not closed") }
    return nil
  }

  private func fail(_ reason: String) -> Malformed { Malformed(reason: reason, offset: at) }

  private func starts(_ prefix: StaticString) -> Bool {
    prefix.description.utf8.elementsEqual(bytes[at...].prefix(prefix.utf8CodeUnitCount))
  }

  private mutating func skip(past end: String) throws(Malformed) {
    let pattern = Array(end.utf8)
    while at + pattern.count <= bytes.count {
      if bytes[at..<at + pattern.count].elementsEqual(pattern) {
        at += pattern.count
        return
      }
      at += 1
    }
    throw fail("'\(end)' is missing")
  }

  private mutating func opening() throws(Malformed) -> Event {
    at += 1
    let name = try name()
    // Attributes are name spaces here; a '>' inside a quoted value is skipped with it.
    var quote: UInt8?
    while at < bytes.count {
      let byte = bytes[at]
      if let current = quote {
        if byte == current { quote = nil }
      } else if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'") {
        quote = byte
      } else if byte == UInt8(ascii: ">") {
        let isEmpty = bytes[at - 1] == UInt8(ascii: "/")
        at += 1
        if isEmpty {
          pendingEnd = name
        } else {
          open.append(name)
          if open.count > Self.depthLimit { throw fail("more than \(Self.depthLimit) levels") }
        }
        return .start(name)
      }
      at += 1
    }
    throw fail("a tag is not closed")
  }

  private mutating func closing() throws(Malformed) -> Event {
    at += 2
    let name = try name()
    while at < bytes.count, bytes[at] != UInt8(ascii: ">") { at += 1 }
    guard at < bytes.count else { throw fail("a tag is not closed") }
    at += 1
    guard open.popLast() == name else { throw fail("'\(name)' closes what is not open") }
    return .end(name)
  }

  private mutating func name() throws(Malformed) -> String {
    let start = at
    scan: while at < bytes.count {
      switch bytes[at] {
      case UInt8(ascii: ">"), UInt8(ascii: "/"), 0x20, 0x09, 0x0A, 0x0D: break scan
      default: at += 1
      }
    }
    guard at > start, at - start <= 128 else { throw fail("a name is missing or too long") }
    return String(decoding: bytes[start..<at], as: UTF8.self)
  }

  /// Text up to the next tag, references resolved; empty when it is white space alone.
  private mutating func text() throws(Malformed) -> String {
    let start = at
    var hasReference = false
    var isBlank = true
    while at < bytes.count, bytes[at] != UInt8(ascii: "<") {
      let byte = bytes[at]
      if byte == UInt8(ascii: "&") { hasReference = true }
      if byte > 0x20 { isBlank = false }
      at += 1
    }
    if isBlank { return "" }
    if open.isEmpty { throw fail("text outside the document") }
    let slice = bytes[start..<at]
    return hasReference ? try resolve(slice) : String(decoding: slice, as: UTF8.self)
  }

  private func resolve(_ slice: ArraySlice<UInt8>) throws(Malformed) -> String {
    var out = String.UnicodeScalarView()
    var rest = Substring(String(decoding: slice, as: UTF8.self)).unicodeScalars
    while let scalar = rest.popFirst() {
      guard scalar == "&" else {
        out.append(scalar)
        continue
      }
      guard let end = rest.prefix(12).firstIndex(of: ";") else { throw fail("a bare '&'") }
      let name = String(rest[..<end])
      guard let value = Self.reference(name) else { throw fail("an unknown reference '&\(name);'") }
      out.append(value)
      rest = rest[rest.index(after: end)...]
    }
    return String(out)
  }

  private static func reference(_ name: String) -> Unicode.Scalar? {
    switch name {
    case "amp": return "&"
    case "lt": return "<"
    case "gt": return ">"
    case "quot": return "\""
    case "apos": return "'"
    default:
      guard name.hasPrefix("#") else { return nil }
      let digits = name.dropFirst()
      let value =
        digits.hasPrefix("x") ? UInt32(digits.dropFirst(), radix: 16) : UInt32(digits, radix: 10)
      return value.flatMap(Unicode.Scalar.init)
    }
  }

  /// The first text of each of these elements, wherever they stand; a broken document gives what
  /// was found before it broke.
  static func texts(in bytes: [UInt8], named names: Set<String>) -> [String: String] {
    var reader = XMLReader(bytes)
    var found: [String: String] = [:]
    var current = ""
    while let event = try? reader.next() {
      switch event {
      case .start(let name): current = name
      case .text(let text):
        if names.contains(current), found[current] == nil { found[current] = text }
      case .end: current = ""
      }
    }
    return found
  }

  /// Text that stands safely inside an element.
  static func escape(_ text: String) -> String {
    var out = String.UnicodeScalarView()
    for scalar in text.unicodeScalars {
      switch scalar {
      case "&": out.append(contentsOf: "&amp;".unicodeScalars)
      case "<": out.append(contentsOf: "&lt;".unicodeScalars)
      case ">": out.append(contentsOf: "&gt;".unicodeScalars)
      case "\"": out.append(contentsOf: "&quot;".unicodeScalars)
      case "'": out.append(contentsOf: "&apos;".unicodeScalars)
      // XML 1.0 has no way to write other control characters.
      case _ where scalar.value < 0x20 && scalar != "\t" && scalar != "\n" && scalar != "\r":
        out.append("\u{FFFD}")
      default: out.append(scalar)
      }
    }
    return String(out)
  }
}
