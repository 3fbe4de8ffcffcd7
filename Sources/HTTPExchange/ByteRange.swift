/// `Range: bytes=…` by RFC 9110 §14: one range is honoured, several are answered whole.
package enum ByteRange {
  /// What the field asks of a representation.
  package enum Outcome: Sendable, Hashable {
    /// Absent, malformed, of another unit or of several ranges: answer the whole (§14.2).
    case whole
    case partial(Range<Int>)
    case unsatisfiable
  }

  /// Reads the field for a representation of `length` bytes.
  package static func resolve(_ field: String?, length: Int) -> Outcome {
    guard let field, field.utf8.count <= 64 else { return .whole }
    let lowered = field.lowercased()
    guard lowered.hasPrefix("bytes=") else { return .whole }
    let spec = lowered.dropFirst(6).filter { $0 != " " && $0 != "\t" }
    let parts = spec.split(separator: "-", maxSplits: 2, omittingEmptySubsequences: false)
    guard parts.count == 2, parts.allSatisfy({ $0.utf8.allSatisfy { (0x30...0x39).contains($0) } })
    else {
      return .whole
    }
    switch (parts[0].isEmpty, parts[1].isEmpty) {
    case (true, true): return .whole
    case (true, false):
      let suffix = Int(parts[1]) ?? Int.max
      if suffix == 0 || length == 0 { return .unsatisfiable }
      return .partial(max(0, length - suffix)..<length)
    case (false, _):
      let first = Int(parts[0]) ?? Int.max
      let last = parts[1].isEmpty ? Int.max : (Int(parts[1]) ?? Int.max)
      if last < first { return .whole }
      if first >= length { return .unsatisfiable }
      return .partial(first..<min(length, last == Int.max ? length : last + 1))
    }
  }
}
