/// The canonical form of a request, by "Create a signed AWS API request" in the IAM user guide.
struct CanonicalRequest: Sendable {
  let bytes: [UInt8]
  let signedHeaders: String

  init(
    method: String, path: String, query: [QueryItem], headers: [HeaderField], payloadHash: String,
    pathRule: SigV4.PathRule
  ) {
    let canonical = Self.canonicalHeaders(headers)
    signedHeaders = canonical.map(\.name).joined(separator: ";")
    var out: [UInt8] = []
    out.reserveCapacity(512)
    out.append(contentsOf: method.utf8)
    out.append(Self.newline)
    Self.append(path, rule: pathRule, to: &out)
    out.append(Self.newline)
    Self.append(query, to: &out)
    out.append(Self.newline)
    for header in canonical {
      out.append(contentsOf: header.name.utf8)
      out.append(UInt8(ascii: ":"))
      out.append(contentsOf: header.value.utf8)
      out.append(Self.newline)
    }
    out.append(Self.newline)
    out.append(contentsOf: signedHeaders.utf8)
    out.append(Self.newline)
    out.append(contentsOf: payloadHash.utf8)
    bytes = out
  }

  private static let newline = UInt8(ascii: "\n")

  // MARK: Path

  private static func append(_ path: String, rule: SigV4.PathRule, to out: inout [UInt8]) {
    switch rule {
    case .asSent:
      out.append(contentsOf: path.isEmpty ? "/".utf8 : path.utf8)
    case .encodedAgain(let normalized):
      let path = normalized ? normalize(path) : path
      PercentEncoding.append(path.isEmpty ? "/" : path, keepingSlash: true, to: &out)
    }
  }

  /// Removes empty and dot segments (RFC 3986 §5.2.4); a slash at the end stays.
  private static func normalize(_ path: String) -> String {
    var kept: [Substring] = []
    let segments = path.split(separator: "/", omittingEmptySubsequences: false)
    for segment in segments {
      switch segment {
      case "", ".": continue
      case "..": _ = kept.popLast()
      default: kept.append(segment)
      }
    }
    if kept.isEmpty { return "/" }
    let isFolder = segments.last == "" || segments.last == "." || segments.last == ".."
    return "/" + kept.joined(separator: "/") + (isFolder ? "/" : "")
  }

  // MARK: Query

  /// Encoded, then sorted by name and value; a name without value gets its `=`.
  static func append(_ query: [QueryItem], to out: inout [UInt8]) {
    let encoded = query.map { item in
      (name: PercentEncoding.encode(item.name), value: PercentEncoding.encode(item.value))
    }
    .sorted { left, right in
      left.name == right.name
        ? left.value.utf8.lexicographicallyPrecedes(right.value.utf8)
        : left.name.utf8.lexicographicallyPrecedes(right.name.utf8)
    }
    for (position, item) in encoded.enumerated() {
      if position > 0 { out.append(UInt8(ascii: "&")) }
      out.append(contentsOf: item.name.utf8)
      out.append(UInt8(ascii: "="))
      out.append(contentsOf: item.value.utf8)
    }
  }

  // MARK: Headers

  /// What hops and tracers change on the way is never signed (spec/sync.md §2.3).
  private static let unsigned: Set<String> = [
    "authorization", "baggage", "connection", "expect", "te", "traceparent", "tracestate",
    "transfer-encoding", "user-agent", "x-amzn-trace-id",
  ]

  private static func canonicalHeaders(_ headers: [HeaderField]) -> [HeaderField] {
    var merged: [HeaderField] = []
    for header in headers {
      let name = header.name.lowercased()
      if unsigned.contains(name) { continue }
      let value = collapse(header.value)
      if let at = merged.firstIndex(where: { $0.name == name }) {
        merged[at].value += "," + value
      } else {
        merged.append(HeaderField(name, value))
      }
    }
    return merged.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
  }

  /// Trimmed at both ends, inner runs of white space and folds as one space.
  private static func collapse(_ value: String) -> String {
    let bytes = value.utf8
    let isPlain = !bytes.contains { $0 == 0x09 || $0 == 0x0A || $0 == 0x0D || $0 == 0x20 }
    if isPlain { return value }
    return value.split { $0 == " " || $0 == "\t" || $0 == "\n" || $0 == "\r" || $0 == "\r\n" }
      .joined(separator: " ")
  }
}
