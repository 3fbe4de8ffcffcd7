/// Where the members and elements of a valid JSON text lie, for findings that name a line.
///
/// It walks brackets and quotes only: whether the text is JSON the parser has said.
struct JSONPlaces {
  let bytes: [UInt8]

  /// The span of each element of an array, and of each member's value of an object.
  enum Child {
    case member(name: String, nameStart: Int, value: Range<Int>)
    case element(Range<Int>)

    var value: Range<Int> {
      switch self {
      case .member(_, _, let value): value
      case .element(let value): value
      }
    }
  }

  /// The spans of what an object or array at that offset holds; empty for anything else.
  func children(at offset: Int) -> [Child] {
    var position = skipSpace(from: offset)
    guard position < bytes.count else { return [] }
    let isObject = bytes[position] == UInt8(ascii: "{")
    guard isObject || bytes[position] == UInt8(ascii: "[") else { return [] }
    position += 1
    var children: [Child] = []
    while true {
      position = skipSpace(from: position)
      guard position < bytes.count else { return children }
      switch bytes[position] {
      case UInt8(ascii: "}"), UInt8(ascii: "]"): return children
      case UInt8(ascii: ","): position += 1
      default:
        let start = position
        guard isObject else {
          position = end(of: position)
          children.append(.element(start..<position))
          continue
        }
        let nameEnd = end(of: start)
        let value = min(bytes.count, skipSpace(from: skipSpace(from: nameEnd) + 1))
        position = end(of: value)
        let name = String(decoding: bytes[start..<nameEnd], as: UTF8.self).dropFirst().dropLast()
        children.append(
          .member(name: String(name), nameStart: start, value: value..<position))
      }
    }
  }

  /// The byte there, or nil behind the end.
  func byte(at offset: Int) -> UInt8? { bytes.indices.contains(offset) ? bytes[offset] : nil }

  /// The value of a member of the object at that offset.
  func value(_ name: String, at offset: Int) -> Range<Int>? {
    for child in children(at: offset) {
      if case .member(name, _, let value) = child { return value }
    }
    return nil
  }

  /// The offset of what a path of names and numbers leads to, as far as it leads.
  func offset(of path: [String], at start: Int) -> Int {
    var offset = start
    for step in path {
      let children = children(at: offset)
      let next: Int? =
        switch children.first {
        case .member: value(step, at: offset)?.lowerBound
        case .element:
          Int(step).flatMap { children.indices.contains($0) ? children[$0] : nil }?
            .value.lowerBound
        case nil: nil
        }
      guard let next else { return offset }
      offset = next
    }
    return offset
  }

  /// The end of the value that begins there; always further on.
  func end(of start: Int) -> Int {
    guard start < bytes.count else { return bytes.count }
    switch bytes[start] {
    case UInt8(ascii: "\""): return endOfText(start)
    case UInt8(ascii: "{"), UInt8(ascii: "["): return endOfNest(start)
    default:
      var position = start + 1
      while position < bytes.count, !Self.ends(bytes[position]) { position += 1 }
      return position
    }
  }

  private func endOfText(_ start: Int) -> Int {
    var position = start + 1
    while position < bytes.count {
      if bytes[position] == UInt8(ascii: "\\") { position += 1 }
      if position < bytes.count, bytes[position] == UInt8(ascii: "\"") { return position + 1 }
      position += 1
    }
    return bytes.count
  }

  private func endOfNest(_ start: Int) -> Int {
    var depth = 0
    var position = start
    while position < bytes.count {
      switch bytes[position] {
      case UInt8(ascii: "\""):
        position = endOfText(position)
        continue
      case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
      case UInt8(ascii: "}"), UInt8(ascii: "]"):
        depth -= 1
        if depth == 0 { return position + 1 }
      default: break
      }
      position += 1
    }
    return bytes.count
  }

  func skipSpace(from start: Int) -> Int {
    var position = start
    while position < bytes.count, Self.isSpace(bytes[position]) { position += 1 }
    return position
  }

  private static func isSpace(_ byte: UInt8) -> Bool {
    byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D
  }

  private static func ends(_ byte: UInt8) -> Bool {
    isSpace(byte) || byte == UInt8(ascii: ",") || byte == UInt8(ascii: "}")
      || byte == UInt8(ascii: "]")
  }
}
