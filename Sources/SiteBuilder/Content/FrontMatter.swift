import Diagnostics
import Templates
import Time
import Yams

/// The fields at the top of a page, between two lines of three hyphens.
struct FrontMatter: Sendable {
  /// Values by name.
  var fields: [String: TemplateValue] = [:]
  /// Where each field stands in the file.
  var offsets: [String: Int] = [:]
  /// Where the text after it begins.
  var bodyStart = 0

  /// Bytes of a front matter at most.
  private static let bytesMost = 65_536

  /// Reads the front matter of a file; a file without one has no fields.
  static func read(_ text: [UInt8], file: String) throws(Diagnostic) -> FrontMatter {
    var front = FrontMatter()
    guard text.starts(with: "---\n".utf8) || text.starts(with: "---\r\n".utf8) else { return front }
    var lines: [Range<Int>] = []
    var at = (text.firstIndex(of: 0x0A) ?? 0) + 1
    let bodyStart = at
    while true {
      guard at < text.count, at < bytesMost else {
        throw Diagnostic(
          .frontMatterInvalid, "the front matter does not end", at: Place(file: file, line: 1),
          remedy: "close it with a line of three hyphens")
      }
      let end = text[at...].firstIndex(of: 0x0A) ?? text.count
      let trimmed = end > at && text[end - 1] == 0x0D ? end - 1 : end
      if text[at..<trimmed].elementsEqual("---".utf8) {
        front.bodyStart = min(end + 1, text.count)
        break
      }
      lines.append(at..<trimmed)
      at = end + 1
    }
    if !front.readPlain(text, lines) {
      try front.readYAML(text, bodyStart..<at, file: file)
    }
    return front
  }

  // MARK: The common forms

  /// Reads `name: value` lines; false when there is anything that needs a whole YAML reader.
  private mutating func readPlain(_ text: [UInt8], _ lines: [Range<Int>]) -> Bool {
    var index = 0
    while index < lines.count {
      let line = lines[index]
      index += 1
      let bytes = text[line]
      guard let first = bytes.first(where: { $0 != 0x20 }) else { continue }
      if first == UInt8(ascii: "#") { continue }
      guard let colon = bytes.firstIndex(of: UInt8(ascii: ":")),
        bytes[line.lowerBound..<colon].allSatisfy(Self.isNameByte), colon > line.lowerBound,
        colon + 1 == line.upperBound || text[colon + 1] == 0x20
      else { return false }
      let name = String(decoding: bytes[line.lowerBound..<colon], as: UTF8.self)
      guard fields[name] == nil else { return false }
      let raw = Self.trim(text, colon + 1..<line.upperBound)
      offsets[name] = line.lowerBound
      if raw.isEmpty {
        guard let items = Self.items(text, lines, from: &index) else { return false }
        fields[name] = items
      } else {
        guard let value = Self.value(text, raw) else { return false }
        fields[name] = value
      }
    }
    return true
  }

  private static func items(
    _ text: [UInt8], _ lines: [Range<Int>], from index: inout Int
  ) -> TemplateValue? {
    var items: [TemplateValue] = []
    while index < lines.count {
      let content = trim(text, lines[index])
      guard content.count > 1, text[content.lowerBound] == UInt8(ascii: "-"),
        text[content.lowerBound + 1] == 0x20
      else { break }
      guard let item = scalar(text, trim(text, content.lowerBound + 2..<content.upperBound)) else {
        return nil
      }
      items.append(item)
      index += 1
    }
    // A name without a value and without items is nothing, unless something deeper follows.
    if items.isEmpty {
      if index < lines.count, let first = text[lines[index]].first, first == 0x20 { return nil }
      return .null
    }
    return .list(items)
  }

  private static func value(_ text: [UInt8], _ range: Range<Int>) -> TemplateValue? {
    guard text[range.lowerBound] == UInt8(ascii: "[") else { return scalar(text, range) }
    guard text[range.upperBound - 1] == UInt8(ascii: "]") else { return nil }
    let inner = text[range.lowerBound + 1..<range.upperBound - 1]
    if inner.contains(where: { "[]{}\"'#:".utf8.contains($0) }) { return nil }
    var items: [TemplateValue] = []
    for part in inner.split(separator: UInt8(ascii: ",")) {
      let item = trim(text, part.startIndex..<part.endIndex)
      guard !item.isEmpty, let value = scalar(text, item) else { return nil }
      items.append(value)
    }
    return .list(items)
  }

  private static func scalar(_ text: [UInt8], _ range: Range<Int>) -> TemplateValue? {
    guard !range.isEmpty else { return nil }
    let bytes = text[range]
    let first = text[range.lowerBound]
    if first == UInt8(ascii: "\"") || first == UInt8(ascii: "'") {
      let inner = range.lowerBound + 1..<max(range.lowerBound + 1, range.upperBound - 1)
      guard range.count >= 2, text[range.upperBound - 1] == first,
        !text[inner].contains(where: { $0 == first || $0 == UInt8(ascii: "\\") })
      else { return nil }
      return .string(String(decoding: text[inner], as: UTF8.self))
    }
    if "[]{}&*!|>%@`,?#-".utf8.contains(first), !(first == 0x2D && range.count > 1) { return nil }
    var previous: UInt8 = 0
    for byte in bytes {
      if byte == UInt8(ascii: "#"), previous == 0x20 { return nil }
      if byte == 0x20, previous == UInt8(ascii: ":") { return nil }
      previous = byte
    }
    if previous == UInt8(ascii: ":") { return nil }
    return typed(String(decoding: bytes, as: UTF8.self))
  }

  /// The value that a plain YAML word stands for.
  static func typed(_ text: String) -> TemplateValue {
    switch text {
    case "true", "True": return .bool(true)
    case "false", "False": return .bool(false)
    case "null", "~", "": return .null
    default: break
    }
    guard let first = text.utf8.first, (0x30...0x39).contains(first) || first == 0x2D else {
      return .string(text)
    }
    if text.utf8.count >= 10, let date = Timestamp(iso8601: text) { return .date(date) }
    if let number = Int(text) { return .int(number) }
    if let number = Double(text) { return .double(number) }
    return .string(text)
  }

  private static func isNameByte(_ byte: UInt8) -> Bool {
    (0x61...0x7A).contains(byte | 0x20) || (0x30...0x39).contains(byte)
      || byte == UInt8(ascii: "_") || byte == UInt8(ascii: "-")
  }

  private static func trim(_ text: [UInt8], _ range: Range<Int>) -> Range<Int> {
    var low = range.lowerBound
    var high = range.upperBound
    while low < high, text[low] == 0x20 || text[low] == 0x09 { low += 1 }
    while high > low, text[high - 1] == 0x20 || text[high - 1] == 0x09 { high -= 1 }
    return low..<high
  }

  // MARK: The rest of YAML

  private mutating func readYAML(
    _ text: [UInt8], _ range: Range<Int>, file: String
  ) throws(Diagnostic) {
    fields = [:]
    offsets = [:]
    let yaml = String(decoding: text[range], as: UTF8.self)
    let root: Node?
    do {
      root = try Yams.compose(yaml: yaml)
    } catch {
      throw Self.diagnostic(error, text, range, file)
    }
    guard let root, root.null == nil else { return }
    guard let mapping = root.mapping else {
      throw Diagnostic(
        .frontMatterInvalid, "the front matter is not a list of fields",
        at: Place(file: file, line: 2), remedy: "write fields as 'title: My page'")
    }
    for (name, value) in mapping {
      guard let name = name.string else { continue }
      fields[name] = Self.value(value, depth: 0)
      let line = (value.mark?.line ?? 1) - 1
      offsets[name] = Self.offset(text, range, line: line, column: 0)
    }
  }

  private static func offset(_ text: [UInt8], _ range: Range<Int>, line: Int, column: Int) -> Int {
    var at = range.lowerBound
    var left = line
    while left > 0, at < range.upperBound {
      if text[at] == 0x0A { left -= 1 }
      at += 1
    }
    return min(at + column, range.upperBound)
  }

  private static func diagnostic(
    _ error: any Error, _ text: [UInt8], _ range: Range<Int>, _ file: String
  ) -> Diagnostic {
    var problem = "the front matter is not YAML"
    var offset = range.lowerBound
    switch error as? YamlError {
    case .scanner(_, let reason, let mark, _), .parser(_, let reason, let mark, _),
      .composer(_, let reason, let mark, _):
      problem = "the front matter is not YAML: \(reason)"
      offset = Self.offset(text, range, line: mark.line - 1, column: mark.column - 1)
    case .duplicatedKeysInMapping(let names, let context):
      problem = "the field \(names.map { "'\($0)'" }.joined(separator: ", ")) is written twice"
      offset = Self.offset(text, range, line: context.mark.line - 1, column: 0)
    default: break
    }
    return Diagnostic(
      .frontMatterInvalid, problem, at: Place(file: file, text: text, offset: offset),
      remedy: "put texts with a colon into quotes")
  }

  private static func value(_ node: Node, depth: Int) -> TemplateValue {
    guard depth < 16 else { return .null }
    switch node {
    case .scalar(let scalar):
      return scalar.style == .plain ? typed(scalar.string) : .string(scalar.string)
    case .sequence(let sequence): return .list(sequence.map { value($0, depth: depth + 1) })
    case .mapping(let mapping):
      var members: [String: TemplateValue] = [:]
      for (name, member) in mapping {
        if let name = name.string { members[name] = value(member, depth: depth + 1) }
      }
      return .map(members)
    default: return .null
    }
  }
}
