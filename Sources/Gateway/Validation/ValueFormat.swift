import HTTPExchange
import Time

/// The formats of JSON Schema §7.3 that are held to be assertions; any other is refused at load.
enum ValueFormat: String, Sendable, CaseIterable {
  case dateTime = "date-time"
  case date
  case time
  case email
  case uuid
  case uri
  case ipv4
  case ipv6
  case hostname

  /// Whether a text has the format.
  func holds(_ text: String) -> Bool {
    let bytes = Array(text.utf8)
    guard bytes.count <= 8192, bytes.allSatisfy({ $0 < 0x80 }) else { return false }
    switch self {
    case .dateTime:
      guard bytes.count > 11, bytes[10] | 0x20 == UInt8(ascii: "t") else { return false }
      return Self.isDate(bytes[..<10]) && Self.isTime(bytes[11...])
    case .date: return Self.isDate(bytes[...])
    case .time: return Self.isTime(bytes[...])
    case .email: return Self.isEmail(bytes)
    case .uuid: return Self.isUUID(bytes)
    case .uri: return Self.isURI(bytes)
    case .ipv4: return Self.isIPv4(bytes[...])
    case .ipv6: return Self.isIPv6(bytes[...])
    case .hostname: return Self.isHostname(bytes[...])
    }
  }

  private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }

  private static func isHex(_ byte: UInt8) -> Bool {
    isDigit(byte) || (0x61...0x66).contains(byte | 0x20)
  }

  private static func isAlphanumeric(_ byte: UInt8) -> Bool {
    isDigit(byte) || (0x61...0x7A).contains(byte | 0x20)
  }

  private static func number(_ bytes: ArraySlice<UInt8>) -> Int? {
    guard !bytes.isEmpty, bytes.allSatisfy(isDigit) else { return nil }
    return bytes.reduce(0) { $0 * 10 + Int($1 - 0x30) }
  }

  // MARK: RFC 3339 §5.6

  private static func isDate(_ slice: ArraySlice<UInt8>) -> Bool {
    let b = Array(slice)
    guard b.count == 10, b[4] == 0x2D, b[7] == 0x2D, let year = number(b[0..<4]),
      let month = number(b[5..<7]), let day = number(b[8..<10])
    else { return false }
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
    let lengths = [31, leap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
    return (1...12).contains(month) && (1...lengths[max(1, min(12, month)) - 1]).contains(day)
  }

  private static func isTime(_ slice: ArraySlice<UInt8>) -> Bool {
    let b = Array(slice)
    guard b.count >= 9, b[2] == 0x3A, b[5] == 0x3A, let hour = number(b[0..<2]),
      let minute = number(b[3..<5]), let second = number(b[6..<8]), hour < 24, minute < 60,
      second <= 60
    else { return false }
    var at = 8
    if b[at] == UInt8(ascii: ".") {
      let digits = b[(at + 1)...].prefix(while: isDigit).count
      if digits == 0 { return false }
      at += 1 + digits
    }
    guard let offset = zone(b[at...]) else { return false }
    if second < 60 { return true }
    // A leap second is the last of a UTC day.
    return ((hour * 60 + minute - offset) % 1440 + 1440) % 1440 == 1439
  }

  /// Minutes east of UTC, or nil when it is no offset.
  private static func zone(_ slice: ArraySlice<UInt8>) -> Int? {
    let b = Array(slice)
    if b.count == 1, b[0] | 0x20 == UInt8(ascii: "z") { return 0 }
    guard b.count == 6, b[0] == UInt8(ascii: "+") || b[0] == UInt8(ascii: "-"), b[3] == 0x3A,
      let hours = number(b[1..<3]), let minutes = number(b[4..<6]), hours < 24, minutes < 60
    else { return nil }
    return (b[0] == UInt8(ascii: "-") ? -1 : 1) * (hours * 60 + minutes)
  }

  // MARK: Names and addresses

  /// RFC 5321 §4.1.2 without quoted local parts, which no sign-up form means.
  private static func isEmail(_ bytes: [UInt8]) -> Bool {
    guard let at = bytes.lastIndex(of: UInt8(ascii: "@")), at <= 64, bytes.count <= 254 else {
      return false
    }
    let allowed = Array("!#$%&'*+/=?^_`{|}~-.".utf8)
    let local = bytes[..<at]
    let parts = local.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
    guard parts.allSatisfy({ !$0.isEmpty }),
      local.allSatisfy({ isAlphanumeric($0) || allowed.contains($0) })
    else { return false }
    return isHostname(bytes[(at + 1)...])
  }

  /// RFC 1123 §2.1.
  private static func isHostname(_ bytes: ArraySlice<UInt8>) -> Bool {
    guard (1...253).contains(bytes.count) else { return false }
    return bytes.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
      .allSatisfy { label in
        (1...63).contains(label.count)
          && label.allSatisfy { isAlphanumeric($0) || $0 == UInt8(ascii: "-") }
          && label.first != UInt8(ascii: "-") && label.last != UInt8(ascii: "-")
      }
  }

  private static func isUUID(_ b: [UInt8]) -> Bool {
    b.count == 36
      && b.enumerated().allSatisfy { index, byte in
        [8, 13, 18, 23].contains(index) ? byte == UInt8(ascii: "-") : isHex(byte)
      }
  }

  /// RFC 2673 §3.2, without leading zeros, which some readers take for octal.
  private static func isIPv4(_ bytes: ArraySlice<UInt8>) -> Bool {
    let parts = bytes.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
    return parts.count == 4
      && parts.allSatisfy { part in
        part.count <= 3 && (part.count == 1 || part.first != 0x30)
          && (number(part).map { $0 <= 255 } ?? false)
      }
  }

  /// RFC 4291 §2.2, without zone.
  private static func isIPv6(_ bytes: ArraySlice<UInt8>) -> Bool {
    let text = String(decoding: bytes, as: UTF8.self)
    let halves = text.split(separator: "::", maxSplits: 2, omittingEmptySubsequences: false)
    guard halves.count <= 2 else { return false }
    var groups = 0
    for (index, half) in halves.enumerated() where !half.isEmpty {
      let parts = half.split(separator: ":", omittingEmptySubsequences: false)
      for (position, part) in parts.enumerated() {
        let last = index == halves.count - 1 && position == parts.count - 1
        if last, part.contains("."), isIPv4(Array(part.utf8)[...]) {
          groups += 2
        } else if (1...4).contains(part.utf8.count), part.utf8.allSatisfy(isHex) {
          groups += 1
        } else {
          return false
        }
      }
    }
    return halves.count == 2 ? groups <= 7 : groups == 8
  }

  /// RFC 3986 §3 with a scheme.
  private static func isURI(_ bytes: [UInt8]) -> Bool {
    guard let colon = bytes.firstIndex(of: UInt8(ascii: ":")), colon > 0 else { return false }
    let scheme = bytes[..<colon]
    guard (0x61...0x7A).contains(bytes[0] | 0x20),
      scheme.allSatisfy({ isAlphanumeric($0) || "+-.".utf8.contains($0) })
    else { return false }
    let rest = Array(bytes[(colon + 1)...])
    let allowed = Array("-._~:/?#[]@!$&'()*+,;=%".utf8)
    guard rest.allSatisfy({ isAlphanumeric($0) || allowed.contains($0) }),
      rest.count(where: { $0 == UInt8(ascii: "#") }) <= 1
    else { return false }
    for (index, byte) in rest.enumerated() where byte == UInt8(ascii: "%") {
      guard index + 2 < rest.count, isHex(rest[index + 1]), isHex(rest[index + 2]) else {
        return false
      }
    }
    return hasAuthority(rest)
  }

  /// Brackets stand only around an address, and a port has digits only.
  private static func hasAuthority(_ rest: [UInt8]) -> Bool {
    let brackets: Set<UInt8> = [UInt8(ascii: "["), UInt8(ascii: "]")]
    guard rest.starts(with: "//".utf8) else { return !rest.contains(where: brackets.contains) }
    let ends: Set<UInt8> = [UInt8(ascii: "/"), UInt8(ascii: "?"), UInt8(ascii: "#")]
    let authority = rest[2...].prefix { !ends.contains($0) }
    let tail = rest[authority.endIndex...]
    if tail.contains(where: brackets.contains) { return false }
    var host = authority
    if let at = authority.lastIndex(of: UInt8(ascii: "@")) { host = authority[(at + 1)...] }
    if host.first == UInt8(ascii: "[") {
      guard let close = host.firstIndex(of: UInt8(ascii: "]")) else { return false }
      guard isIPv6(host[(host.startIndex + 1)..<close]) else { return false }
      host = host[(close + 1)...]
      return host.isEmpty || (host.first == 0x3A && host.dropFirst().allSatisfy(isDigit))
    }
    if host.contains(where: brackets.contains) { return false }
    guard let colon = host.firstIndex(of: UInt8(ascii: ":")) else { return true }
    return host[(colon + 1)...].allSatisfy(isDigit)
  }
}
