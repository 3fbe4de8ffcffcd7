/// A media type without its parameters, or a range of them (RFC 9110 §8.3.1, §12.5.1).
struct MediaType: Sendable, Hashable {
  let type: String
  let subtype: String

  /// Reads `application/json; charset=utf-8`; the parameters are left out.
  init?(_ text: String) {
    let essence = text.prefix { $0 != ";" }.filter { $0 != " " && $0 != "\t" }.lowercased()
    let parts = essence.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count == 2, !parts[0].isEmpty, !parts[1].isEmpty else { return nil }
    type = String(parts[0])
    subtype = String(parts[1])
  }

  /// Whether the content is JSON (RFC 6839 §3.1).
  var isJSON: Bool { type == "application" && (subtype == "json" || subtype.hasSuffix("+json")) }

  /// How exactly this range names a type: 3 the type, 2 `type/*`, 1 `*/*`, 0 not at all.
  func specificity(for other: MediaType) -> Int {
    if self == other { return 3 }
    if subtype != "*" { return 0 }
    if type == other.type { return 2 }
    return type == "*" ? 1 : 0
  }
}
