/// Choice of a content coding by `Accept-Encoding` (RFC 9110 §12.5.3).
package enum ContentCoding {
  /// The best of the offered codings, or nil for the identity coding.
  ///
  /// - Parameters:
  ///   - field: the joined field, if any; absent means identity here, the safe reading.
  ///   - offered: codings at hand in our order of preference.
  package static func choose(_ field: String?, offered: [String]) -> String? {
    guard let field, !offered.isEmpty else { return nil }
    var qualities: [(name: Substring, quality: Int)] = []
    for member in field.split(separator: ",").prefix(32) {
      let parts = member.split(separator: ";", maxSplits: 1)
      guard let name = parts.first?.trimmed, !name.isEmpty else { continue }
      qualities.append((name, parts.count > 1 ? quality(parts[1].trimmed) : 1000))
    }
    func weight(of coding: String) -> Int {
      if let exact = qualities.first(where: { equalsIgnoringCase(String($0.name), coding) }) {
        return exact.quality
      }
      return qualities.first { $0.name == "*" }?.quality ?? 0
    }
    var best: (name: String, quality: Int)?
    for coding in offered {
      let weight = weight(of: coding)
      if weight > best?.quality ?? 0 { best = (coding, weight) }
    }
    guard let best else { return nil }
    let identity = qualities.first { equalsIgnoringCase(String($0.name), "identity") }
    if let identity, identity.quality > best.quality { return nil }
    return best.name
  }

  /// `q=0.5` in thousandths; anything unreadable counts as 0.
  private static func quality(_ parameter: Substring) -> Int {
    guard parameter.hasPrefix("q=") || parameter.hasPrefix("Q=") else { return 1000 }
    guard let value = Double(parameter.dropFirst(2)), (0...1).contains(value) else { return 0 }
    return Int((value * 1000).rounded())
  }
}

extension Substring {
  /// Without spaces and tabs at either end.
  package var trimmed: Substring {
    func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }
    let bytes = utf8.drop(while: isSpace)
    guard let last = bytes.lastIndex(where: { !isSpace($0) }) else { return "" }
    return Substring(bytes[...last])
  }
}
