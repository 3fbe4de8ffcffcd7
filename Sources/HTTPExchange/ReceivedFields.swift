/// The field lines of a message as they came: one piece of memory and where its parts lie.
///
/// Texts are made when someone asks for them; most fields of a browser's request nobody asks for.
package struct ReceivedFields: Sendable {
  /// Where one line's name and value lie, without the white space around the value.
  package struct Line: Sendable {
    package var nameStart: UInt16
    package var nameEnd: UInt16
    package var valueStart: UInt16
    package var valueEnd: UInt16

    package init(name: Range<Int>, value: Range<Int>) {
      nameStart = UInt16(truncatingIfNeeded: name.lowerBound)
      nameEnd = UInt16(truncatingIfNeeded: name.upperBound)
      valueStart = UInt16(truncatingIfNeeded: value.lowerBound)
      valueEnd = UInt16(truncatingIfNeeded: value.upperBound)
    }

    /// Bytes of the name.
    package var nameCount: Int { Int(nameEnd) - Int(nameStart) }
    package var name: Range<Int> { Int(nameStart)..<Int(nameEnd) }
    package var value: Range<Int> { Int(valueStart)..<Int(valueEnd) }
  }

  /// The head from its first byte on; at most 65,535 bytes, so that the places fit.
  package let bytes: [UInt8]
  package let lines: [Line]

  package init(bytes: [UInt8], lines: [Line]) {
    self.bytes = bytes
    self.lines = lines
  }

  /// The text of a range.
  package func text(_ range: Range<Int>) -> String {
    bytes.withUnsafeBufferPointer { String(decoding: $0[range], as: UTF8.self) }
  }

  /// Whether a line's name is this one, which is written in lower case.
  package func isNamed(_ line: Line, _ name: StaticString) -> Bool {
    line.nameCount == name.utf8CodeUnitCount
      && bytes.withUnsafeBufferPointer { bytes in
        name.withUTF8Buffer { equalIgnoringCase(.init(rebasing: bytes[line.name]), $0) }
      }
  }

  func index(of name: String, after start: Int = 0) -> Int? {
    let count = name.utf8.count
    var name = name
    return name.withUTF8 { name in
      bytes.withUnsafeBufferPointer { bytes in
        lines.withUnsafeBufferPointer { lines in
          var index = start
          while index < lines.count {
            let line = lines[index]
            if line.nameCount == count,
              equalIgnoringCase(.init(rebasing: bytes[line.name]), name)
            {
              return index
            }
            index += 1
          }
          return nil
        }
      }
    }
  }

  var fields: [HeaderFields.Field] {
    lines.map { HeaderFields.Field(text($0.name), text($0.value)) }
  }
}

/// Compares ASCII texts of equal or unequal length without regard to case.
func equalIgnoringCase(_ a: UnsafeBufferPointer<UInt8>, _ b: UnsafeBufferPointer<UInt8>) -> Bool {
  guard a.count == b.count else { return false }
  for index in a.indices where a[index] != b[index] {
    let folded = a[index] | 0x20
    if folded != b[index] | 0x20 || !(0x61...0x7A).contains(folded) { return false }
  }
  return true
}
