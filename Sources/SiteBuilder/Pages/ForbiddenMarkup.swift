/// What no page may contain, because the site's policy has no exception for code in pages.
enum ForbiddenMarkup {
  /// Why a tag cannot be published, with the offset to point at; nil when it can.
  static func reason(
    _ tag: HTMLTag, in bytes: [UInt8], allowsBlocks: Bool
  ) -> (message: String, offset: Int)? {
    for attribute in tag.attributes {
      if attribute.name == "style" {
        return ("a style attribute is blocked by the policy", attribute.nameStart)
      }
      if attribute.name.hasPrefix("on"), attribute.name.utf8.count > 2, attribute.value != nil {
        return (
          "the event attribute '\(attribute.name)' is blocked by the policy", attribute.nameStart
        )
      }
      if let value = attribute.value, isCode(bytes[value]) {
        return ("an address that is code is blocked by the policy", attribute.nameStart)
      }
    }
    switch tag.name {
    case "script" where !allowsBlocks:
      return ("a script cannot stand in Markdown", tag.start)
    case "style" where !allowsBlocks:
      return ("a style sheet cannot stand in Markdown", tag.start)
    case "base": return ("'base' is blocked by the policy", tag.start)
    default: return nil
    }
  }

  /// `javascript:` and `vbscript:`, with the spaces and control characters that browsers skip.
  static func isCode(_ address: ArraySlice<UInt8>) -> Bool {
    var start: [UInt8] = []
    for byte in address where byte > 0x20 {
      start.append((0x41...0x5A).contains(byte) ? byte | 0x20 : byte)
      if start.count == 11 { break }
    }
    return start.starts(with: "javascript:".utf8) || start.starts(with: "vbscript:".utf8)
  }

  static let remedy =
    "put it into a file under assets and name it from the page, or use a class or a listener"
}
