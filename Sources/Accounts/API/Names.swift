/// What a user name and an e-mail address may look like, and the one form they are stored in.
enum AccountName {
  /// The stored form of a new name: lower case, 3 to 64 of letters, digits, `.`, `_`, `-`.
  ///
  /// It becomes part of a key (`USER#{username}`), so `#` and everything unprintable stay out.
  static func canonical(_ text: String) -> String? {
    let name = text.lowercased()
    guard (3...64).contains(name.utf8.count), name.utf8.allSatisfy(isNameByte),
      let first = name.utf8.first, isLetterOrDigit(first)
    else { return nil }
    return name
  }

  /// A name as somebody types it at sign-in: an old row may have capitals and shorter names.
  static func isPlausible(_ text: String) -> Bool {
    (1...128).contains(text.utf8.count)
      && text.utf8.allSatisfy { $0 > 0x20 && $0 != 0x7F && $0 != UInt8(ascii: "#") }
  }

  /// The stored form of an address, or nil when it cannot be one: what a mail server would have to
  /// refuse is refused here, the rest is found out by sending.
  static func canonicalEmail(_ text: String) -> String? {
    let address = text.lowercased()
    let parts = address.split(separator: "@", omittingEmptySubsequences: false)
    guard parts.count == 2, (1...64).contains(parts[0].utf8.count),
      (3...190).contains(parts[1].utf8.count),
      parts[1].contains(".") || parts[1] == "localhost",
      !parts[1].hasPrefix("."), !parts[1].hasSuffix("."), !parts[1].contains("..")
    else { return nil }
    // No blank, no control, no quote: a header of a mail carries it (CWE-93).
    let isClean = address.utf8.allSatisfy { byte in
      (0x21...0x7E).contains(byte) && !"\"(),:;<>[\\]#".utf8.contains(byte)
    }
    let domainIsClean = parts[1].utf8.allSatisfy { isLetterOrDigit($0) || $0 == 45 || $0 == 46 }
    return isClean && domainIsClean ? address : nil
  }

  private static func isNameByte(_ byte: UInt8) -> Bool {
    isLetterOrDigit(byte) || byte == 45 || byte == 46 || byte == 95
  }

  private static func isLetterOrDigit(_ byte: UInt8) -> Bool {
    (48...57).contains(byte) || (97...122).contains(byte)
  }
}
