import Cryptography
import Synchronization
import Time

/// Identifiers that sort by the time they were made: 48 bits of milliseconds, 80 of chance.
package final class ULIDs: Sendable {
  private struct Last {
    var milliseconds = 0
    var low: UInt128 = 0
  }

  private static let alphabet = Array("0123456789ABCDEFGHJKMNPQRSTVWXYZ".utf8)
  private let last = Mutex(Last())

  package init() {}

  /// The next identifier; within one millisecond each is greater than the one before.
  package func next(at time: Timestamp) -> String {
    let value = last.withLock { last -> UInt128 in
      if time.milliseconds <= last.milliseconds {
        last.low += 1
      } else {
        last.milliseconds = time.milliseconds
        last.low = SecureRandom.bytes(10).reduce(UInt128(0)) { $0 << 8 | UInt128($1) } >> 1
      }
      return UInt128(last.milliseconds) << 80 | last.low
    }
    var rest = value
    var digits: [UInt8] = []
    for _ in 0..<26 {
      digits.append(Self.alphabet[Int(rest & 31)])
      rest >>= 5
    }
    return String(decoding: digits.reversed(), as: UTF8.self)
  }
}
