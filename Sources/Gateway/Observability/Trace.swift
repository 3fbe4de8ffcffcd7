import HTTPExchange
import Synchronization
import Time

/// Adopts or begins a trace, in W3C's and in AWS's vocabulary with one id.
enum Trace {
  // Ids tell traces apart, they guard nothing: the system is asked once, not for each request.
  private static let state = Mutex(UInt64.random(in: 0 ... .max))

  /// The next number of SplitMix64 (Steele, Lea, Flood 2014).
  private static func number() -> UInt64 {
    var z = state.withLock { state in
      state &+= 0x9E37_79B9_7F4A_7C15
      return state
    }
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  /// The trace for whoever is called next: the caller's root, a new parent.
  static func adopt(_ received: TraceContext, now: Timestamp) -> TraceContext {
    let parent = hexadecimal(max(1, number()), width: 16)
    if let root = w3cRoot(received.traceparent) {
      return make(root.id, parent, root.flags, amazonRoot(received.amazon))
    }
    if let root = amazonRoot(received.amazon) {
      let id = root.dropFirst(2).filter { $0 != "-" }
      let sampled = received.amazon.contains("Sampled=0") ? "00" : "01"
      return make(String(id), parent, sampled, root)
    }
    let id =
      hexadecimal(UInt64(UInt32(truncatingIfNeeded: now.seconds)), width: 8)
      + hexadecimal(number(), width: 16) + hexadecimal(number() >> 32, width: 8)
    return make(id, parent, "01", nil)
  }

  private static func make(_ id: String, _ parent: String, _ flags: String, _ root: String?)
    -> TraceContext
  {
    let root = root ?? "1-\(id.prefix(8))-\(id.dropFirst(8))"
    let sampled = flags.hasSuffix("0") ? 0 : 1
    return TraceContext(
      traceparent: "00-\(id)-\(parent)-\(flags)",
      amazon: "Root=\(root);Parent=\(parent);Sampled=\(sampled)")
  }

  /// Trace id and flags of a valid `traceparent` (W3C Trace Context §3.2.2).
  private static func w3cRoot(_ text: String) -> (id: String, flags: String)? {
    let parts = text.split(separator: "-", omittingEmptySubsequences: false)
    guard text.utf8.count == 55, parts.count == 4, parts[0] != "ff", isHex(parts[0], 2),
      isHex(parts[1], 32), isHex(parts[2], 16), isHex(parts[3], 2),
      parts[1].contains(where: { $0 != "0" }), parts[2].contains(where: { $0 != "0" })
    else { return nil }
    return (String(parts[1]), String(parts[3]))
  }

  /// The root of a valid `X-Amzn-Trace-Id`: `1-8hex-24hex`.
  private static func amazonRoot(_ text: String) -> String? {
    guard text.utf8.count <= 256 else { return nil }
    for part in text.split(separator: ";") {
      let field = part.trimmed
      guard field.hasPrefix("Root=") else { continue }
      let pieces = field.dropFirst(5).split(separator: "-", omittingEmptySubsequences: false)
      guard pieces.count == 3, pieces[0] == "1", isHex(pieces[1], 8), isHex(pieces[2], 24) else {
        return nil
      }
      return String(field.dropFirst(5))
    }
    return nil
  }

  private static func isHex(_ text: Substring, _ count: Int) -> Bool {
    text.utf8.count == count
      && text.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
  }

  private static func hexadecimal(_ value: UInt64, width: Int) -> String {
    let digits = String(value, radix: 16)
    return String(repeating: "0", count: max(0, width - digits.count)) + digits
  }
}
