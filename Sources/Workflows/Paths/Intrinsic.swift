import JSON

/// The intrinsic functions of the language
/// (docs.aws.amazon.com/step-functions/latest/dg/intrinsic-functions.html).
enum Intrinsic: String, Sendable, Hashable, CaseIterable {
  case format = "States.Format"
  case stringToJSON = "States.StringToJson"
  case jsonToString = "States.JsonToString"
  case array = "States.Array"
  case arrayPartition = "States.ArrayPartition"
  case arrayContains = "States.ArrayContains"
  case arrayRange = "States.ArrayRange"
  case arrayGetItem = "States.ArrayGetItem"
  case arrayLength = "States.ArrayLength"
  case arrayUnique = "States.ArrayUnique"
  case base64Encode = "States.Base64Encode"
  case base64Decode = "States.Base64Decode"
  case hash = "States.Hash"
  case jsonMerge = "States.JsonMerge"
  case mathRandom = "States.MathRandom"
  case mathAdd = "States.MathAdd"
  case stringSplit = "States.StringSplit"
  case uuid = "States.UUID"

  /// How many arguments it takes.
  var argumentCounts: ClosedRange<Int> {
    switch self {
    case .format: 1...100
    case .array: 0...1000
    case .uuid: 0...0
    case .stringToJSON, .jsonToString, .arrayLength, .arrayUnique, .base64Encode, .base64Decode:
      1...1
    case .arrayPartition, .arrayContains, .arrayGetItem, .hash, .mathAdd, .stringSplit: 2...2
    case .arrayRange, .jsonMerge: 3...3
    case .mathRandom: 2...3
    }
  }

  /// Bytes a text may have for Base64 and digests, by AWS.
  private static let textBytes = 10_000
  /// Elements of a range or of a partition, by AWS.
  private static let elements = 1000

  func apply(_ arguments: [JSON], _ environment: WorkflowEnvironment) throws(StateError) -> JSON {
    switch self {
    case .format: return try format(arguments)
    case .stringToJSON: return try parse(arguments[0])
    case .jsonToString: return .string(arguments[0].text)
    case .array: return .array(arguments)
    case .arrayPartition: return try partition(arguments)
    case .arrayContains: return .bool(try elements(arguments[0]).contains(arguments[1]))
    case .arrayRange: return try range(arguments)
    case .arrayGetItem:
      let index = try integer(arguments[1])
      guard let item = try elements(arguments[0])[safe: index] else {
        throw failure("the index \(index) is outside the array")
      }
      return item
    case .arrayLength: return .int(try elements(arguments[0]).count)
    case .arrayUnique:
      var seen: Set<JSON> = []
      return .array(try elements(arguments[0]).filter { seen.insert($0).inserted })
    case .base64Encode:
      return .string(Base64Text.encode(Array(try text(arguments[0], atMost: Self.textBytes).utf8)))
    case .base64Decode:
      guard let bytes = Base64Text.decode(try text(arguments[0], atMost: Self.textBytes)),
        let decoded = String(validating: bytes, as: UTF8.self)
      else { throw failure("the text is not Base64 of UTF-8") }
      return .string(decoded)
    case .hash: return try hash(arguments, environment)
    case .jsonMerge: return try merge(arguments)
    case .mathRandom: return try random(arguments, environment)
    case .mathAdd:
      let (sum, overflow) = try integer(arguments[0])
        .addingReportingOverflow(try integer(arguments[1]))
      if overflow { throw failure("the sum is too large") }
      return .int(sum)
    case .stringSplit: return try split(arguments)
    case .uuid: return .string(uuid(environment))
    }
  }

  // MARK: Arguments

  private func failure(_ reason: String) -> StateError {
    StateError("States.IntrinsicFailure", "\(rawValue): \(reason)")
  }

  private func elements(_ value: JSON) throws(StateError) -> [JSON] {
    guard let array = value.array else { throw failure("an argument is not an array") }
    return array
  }

  private func integer(_ value: JSON) throws(StateError) -> Int {
    guard let number = value.number else { throw failure("an argument is not a number") }
    // AWS rounds a number with a fraction down.
    guard let integer = number.int ?? Int(exactly: number.double.rounded(.down)) else {
      throw failure("a number is too large")
    }
    return integer
  }

  private func text(_ value: JSON, atMost bytes: Int = .max) throws(StateError) -> String {
    guard let text = value.string else { throw failure("an argument is not a text") }
    guard text.utf8.count <= bytes else { throw failure("the text is over \(bytes) bytes") }
    return text
  }

  // MARK: Functions

  private func format(_ arguments: [JSON]) throws(StateError) -> JSON {
    var result = ""
    var next = 1
    var characters = Array(try text(arguments[0]))[...]
    while let character = characters.popFirst() {
      if character == "\\", let escaped = characters.first, "{}\\'".contains(escaped) {
        result.append(escaped)
        characters.removeFirst()
      } else if character == "{", characters.first == "}" {
        characters.removeFirst()
        guard next < arguments.count else { throw failure("there are more {} than arguments") }
        result += arguments[next].string ?? arguments[next].text
        next += 1
      } else {
        result.append(character)
      }
    }
    guard next == arguments.count else { throw failure("there are more arguments than {}") }
    return .string(result)
  }

  private func parse(_ value: JSON) throws(StateError) -> JSON {
    let source = try text(value)
    do throws(JSONSyntaxError) {
      return try JSON(parsing: source)
    } catch {
      throw failure("the text is not JSON: \(error.reason)")
    }
  }

  private func partition(_ arguments: [JSON]) throws(StateError) -> JSON {
    let array = try elements(arguments[0])
    let size = try integer(arguments[1])
    guard size > 0 else { throw failure("the size of a chunk is not positive") }
    return .array(
      stride(from: 0, to: array.count, by: size).map {
        .array(Array(array[$0..<min($0 + size, array.count)]))
      })
  }

  private func range(_ arguments: [JSON]) throws(StateError) -> JSON {
    let (first, last) = (try integer(arguments[0]), try integer(arguments[1]))
    let step = try integer(arguments[2])
    guard step != 0 else { throw failure("the step is zero") }
    let values = Array(stride(from: first, through: last, by: step).prefix(Self.elements + 1))
    guard values.count <= Self.elements else {
      throw failure("the range has more than \(Self.elements) elements")
    }
    return .array(values.map { .int($0) })
  }

  private func hash(_ arguments: [JSON], _ environment: WorkflowEnvironment) throws(StateError)
    -> JSON
  {
    let data = arguments[0].string ?? arguments[0].text
    guard data.utf8.count <= Self.textBytes else {
      throw failure("the text is over \(Self.textBytes) bytes")
    }
    let algorithm = try text(arguments[1])
    guard let digest = environment.digest(algorithm, Array(data.utf8)) else {
      throw failure("the algorithm '\(algorithm)' is not supported")
    }
    let digits = Array("0123456789abcdef")
    return .string(String(digest.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }))
  }

  private func merge(_ arguments: [JSON]) throws(StateError) -> JSON {
    guard let left = arguments[0].object, let right = arguments[1].object else {
      throw failure("an argument is not an object")
    }
    guard arguments[2] == false else { throw failure("only shallow merging (false) exists") }
    var merged = left
    for (name, value) in right { merged[name] = value }
    return .object(merged)
  }

  private func random(_ arguments: [JSON], _ environment: WorkflowEnvironment) throws(StateError)
    -> JSON
  {
    let (low, high) = (try integer(arguments[0]), try integer(arguments[1]))
    guard low < high else { throw failure("the start is not below the end") }
    var bits = environment.randomBits()
    if arguments.count == 3 {
      // A seed makes the number repeatable (SplitMix64's finaliser).
      bits = UInt64(bitPattern: Int64(try integer(arguments[2]))) &+ 0x9E37_79B9_7F4A_7C15
      bits = (bits ^ (bits >> 30)) &* 0xBF58_476D_1CE4_E5B9
      bits = (bits ^ (bits >> 27)) &* 0x94D0_49BB_1331_11EB
      bits ^= bits >> 31
    }
    let (width, overflow) = high.subtractingReportingOverflow(low)
    if overflow { throw failure("the range is too wide") }
    return .int(low + Int(bits % UInt64(width)))
  }

  private func split(_ arguments: [JSON]) throws(StateError) -> JSON {
    let source = try text(arguments[0])
    let splitters = Set(try text(arguments[1]))
    if splitters.isEmpty { return .array([.string(source)]) }
    // Neighbouring splitters make no empty text, as AWS's examples show.
    return .array(
      source.split(whereSeparator: { splitters.contains($0) }).map { .string(String($0)) })
  }

  /// Version 4 by RFC 9562 §5.4.
  private func uuid(_ environment: WorkflowEnvironment) -> String {
    let high = environment.randomBits() & 0xFFFF_FFFF_FFFF_0FFF | 0x4000
    let low = environment.randomBits() & 0x3FFF_FFFF_FFFF_FFFF | 0x8000_0000_0000_0000
    func hex(_ value: UInt64, _ from: Int, _ count: Int) -> String {
      let text = String(value, radix: 16)
      let padded = Array(String(repeating: "0", count: 16 - text.count) + text)
      return String(padded[from..<from + count])
    }
    return "\(hex(high, 0, 8))-\(hex(high, 8, 4))-\(hex(high, 12, 4))-\(hex(low, 0, 4))-"
      + hex(low, 4, 12)
  }
}

extension Array {
  fileprivate subscript(safe index: Int) -> Element? {
    indices.contains(index) ? self[index] : nil
  }
}

/// Base64 (RFC 4648 §4); this target may not import the one that has it.
private enum Base64Text {
  private static let alphabet = Array(
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

  static func encode(_ bytes: [UInt8]) -> String {
    var out: [UInt8] = []
    for start in stride(from: 0, to: bytes.count, by: 3) {
      let group = bytes[start..<min(start + 3, bytes.count)]
      var word: UInt32 = 0
      for byte in group { word = word << 8 | UInt32(byte) }
      word <<= UInt32(8 * (3 - group.count))
      for position in 0..<4 {
        let symbol = alphabet[Int(word >> UInt32(18 - 6 * position) & 63)]
        out.append(position <= group.count ? symbol : UInt8(ascii: "="))
      }
    }
    return String(decoding: out, as: UTF8.self)
  }

  static func decode(_ text: String) -> [UInt8]? {
    let source = Array(text.utf8)
    guard source.count.isMultiple(of: 4) else { return nil }
    let padding = source.reversed().prefix { $0 == UInt8(ascii: "=") }.count
    guard padding <= 2 else { return nil }
    var out: [UInt8] = []
    var word: UInt32 = 0
    var bits = 0
    for byte in source.dropLast(padding) {
      guard let value = alphabet.firstIndex(of: byte) else { return nil }
      word = word << 6 | UInt32(value)
      bits += 6
      if bits >= 8 {
        bits -= 8
        out.append(UInt8(truncatingIfNeeded: word >> UInt32(bits)))
      }
    }
    return out
  }
}
