// Looking for and at bytes eight at a time: every byte of every request passes here.

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Questions about bytes that every head is asked.
enum ByteScan {
  /// Where a byte is first found from an offset on.
  static func first(_ byte: UInt8, in bytes: UnsafeBufferPointer<UInt8>, from start: Int) -> Int? {
    guard start < bytes.count, let base = bytes.baseAddress,
      let found = memchr(base + start, Int32(byte), bytes.count - start)
    else { return nil }
    return UnsafeRawPointer(found) - UnsafeRawPointer(base)
  }

  /// Whether a byte may stand in a token such as a field's name (RFC 9110 §5.6.2).
  static func isToken(_ byte: UInt8) -> Bool {
    byte < 128 && (byte < 64 ? tokensLow >> UInt64(byte) : tokensHigh >> UInt64(byte - 64)) & 1 == 1
  }

  /// Digits and `!#$%&'*+-.`: bits of the bytes 0 to 63.
  private static let tokensLow: UInt64 = 0x03FF_6CFA_0000_0000
  /// Letters, `^_` and backtick, `|~`: bits of the bytes 64 to 127.
  private static let tokensHigh: UInt64 = 0x57FF_FFFF_C7FF_FFFE

  /// Whether all bytes may stand in a field's value: no control byte but the tab (RFC 9110 §5.5).
  static func isFieldValue(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
    let raw = UnsafeRawBufferPointer(bytes)
    var index = 0
    while index + 8 <= raw.count {
      let word = raw.loadUnaligned(fromByteOffset: index, as: UInt64.self)
      if hasControl(word), !areAllowed(bytes, index..<(index + 8)) { return false }
      index += 8
    }
    return areAllowed(bytes, index..<raw.count)
  }

  /// Whether any of eight bytes may be a control byte; says yes too often, never too seldom.
  private static func hasControl(_ word: UInt64) -> Bool {
    let ones: UInt64 = 0x0101_0101_0101_0101
    let tops: UInt64 = 0x8080_8080_8080_8080
    let below = (word &- ones &* 0x20) & ~word
    let delete = word ^ (ones &* 0x7F)
    return (below | ((delete &- ones) & ~delete)) & tops != 0
  }

  private static func areAllowed(_ bytes: UnsafeBufferPointer<UInt8>, _ range: Range<Int>) -> Bool {
    for index in range {
      let byte = bytes[index]
      if (byte < 0x20 && byte != 0x09) || byte == 0x7F { return false }
    }
    return true
  }
}
