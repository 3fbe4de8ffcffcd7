import JSON

/// A write whose form is known to be right, with its attributes already in their stored form.
///
/// Made on the caller's task, so that the one writer of a store has less to do.
struct PreparedWrite: Sendable {
  enum Action: Sendable {
    case put(EncodedItem)
    case update([Change])
    case delete
    case check
  }

  var key: ItemKey
  var condition: Condition
  var action: Action
  /// Roughly the bytes it holds while it waits.
  var bytes: Int

  init(_ write: Write) throws(StoreError) {
    key = write.key
    try key.validate()
    condition = write.condition
    try condition.validate()
    bytes = key.pk.utf8.count + key.sk.utf8.count
    switch write {
    case .put(let item, _):
      let encoded = try EncodedItem(item)
      bytes += encoded.attributes.count
      action = .put(encoded)
    case .update(_, let changes, _):
      bytes += try changes.validate()
      action = .update(changes)
    case .delete: action = .delete
    case .check: action = .check
    }
  }
}

/// An item in its stored form, within the bounds.
struct EncodedItem: Sendable {
  var item: Item
  /// The attributes as compact JSON.
  var attributes: [UInt8]

  init(_ item: Item) throws(StoreError) {
    try item.key.validate()
    try item.g1?.validate()
    try item.g2?.validate()
    for member in item.attributes {
      if member.name.isEmpty { throw .invalid("an attribute without a name") }
      try member.value.validate(depth: 1)
    }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(256)
    JSON.object(item.attributes).append(to: &bytes)
    // Spaces behind the JSON are the place that the item grows into.
    bytes.append(
      contentsOf: repeatElement(UInt8(ascii: " "), count: max(0, item.room - bytes.count)))
    let size =
      bytes.count + item.key.bytes + (item.g1.map(\.bytes) ?? 0) + (item.g2.map(\.bytes) ?? 0)
    guard size <= StoreLimits.itemBytes else {
      throw .limitExceeded("an item of \(size) bytes, of \(StoreLimits.itemBytes)")
    }
    self.item = item
    attributes = bytes
  }
}

extension ItemKey {
  var bytes: Int { pk.utf8.count + sk.utf8.count }

  func validate() throws(StoreError) {
    try validateKey(pk, most: StoreLimits.partitionKeyBytes, name: "partition key")
    try validateKey(sk, most: StoreLimits.sortKeyBytes, name: "sort key")
  }
}

extension IndexKey {
  var bytes: Int { pk.utf8.count + sk.utf8.count }

  func validate() throws(StoreError) {
    try ItemKey(pk, sk).validate()
  }
}

private func validateKey(_ text: String, most: Int, name: String) throws(StoreError) {
  if text.isEmpty { throw .invalid("an empty \(name)") }
  try validateKeyText(text, most: most, name: name)
}

/// Checks the bounds that a sort key's prefix and ends share with the key itself.
func validateKeyText(_ text: String, most: Int, name: String) throws(StoreError) {
  let count = text.utf8.count
  if count > most { throw .limitExceeded("a \(name) of \(count) bytes, of \(most)") }
  // PostgreSQL cannot hold it, and C interfaces cut there.
  if text.utf8.contains(0) { throw .invalid("a NUL in a \(name)") }
}

extension JSON {
  func validate(depth: Int) throws(StoreError) {
    switch self {
    case .null, .bool, .string: return
    case .number(let number): try number.validateDigits()
    case .array(let elements):
      try Self.validateNesting(depth)
      for element in elements { try element.validate(depth: depth + 1) }
    case .object(let object):
      try Self.validateNesting(depth)
      for member in object { try member.value.validate(depth: depth + 1) }
    }
  }

  private static func validateNesting(_ depth: Int) throws(StoreError) {
    if depth >= StoreLimits.depth {
      throw .limitExceeded("attributes nested deeper than \(StoreLimits.depth) levels")
    }
  }
}

extension JSONNumber {
  /// Refuses what DynamoDB would: more than 38 significant digits, or a magnitude out of range.
  func validateDigits() throws(StoreError) {
    let shape = decimalShape
    if shape.digits > StoreLimits.numberDigits {
      throw .limitExceeded("a number of \(shape.digits) digits, of \(StoreLimits.numberDigits)")
    }
    if shape.digits > 0, !StoreLimits.numberExponents.contains(shape.exponent) {
      throw .limitExceeded("a number of magnitude 10^\(shape.exponent)")
    }
  }

  /// The count of significant digits and the power of ten of the first; no digits for zero.
  var decimalShape: (digits: Int, exponent: Int) {
    var first: Int?
    var last = 0
    var position = 0
    var point: Int?
    var exponent = 0
    var bytes = text.utf8.makeIterator()
    scan: while let byte = bytes.next() {
      switch byte {
      case UInt8(ascii: "-"): continue
      case UInt8(ascii: "."): point = position
      case UInt8(ascii: "e"), UInt8(ascii: "E"):
        exponent = Self.clampedExponent(&bytes)
        break scan
      default:
        if byte != UInt8(ascii: "0") {
          first = first ?? position
          last = position
        }
        position += 1
      }
    }
    guard let first else { return (0, 0) }
    return (last - first + 1, (point ?? position) - 1 - first + exponent)
  }

  private static func clampedExponent(_ bytes: inout String.UTF8View.Iterator) -> Int {
    var negative = false
    var value = 0
    while let byte = bytes.next() {
      switch byte {
      case UInt8(ascii: "-"): negative = true
      case UInt8(ascii: "+"): continue
      default: value = min(1 << 30, value * 10 + Int(byte - UInt8(ascii: "0")))
      }
    }
    return negative ? -value : value
  }
}

extension Condition {
  /// Conditions inside one another that are looked at.
  private static let depth = 8

  func validate(level: Int = 0) throws(StoreError) {
    guard level < Self.depth else { throw .limitExceeded("conditions nested too deep") }
    switch self {
    case .none, .exists, .notExists, .version: return
    case .numberAtLeast(let name, _):
      if name.isEmpty { throw .invalid("a condition on an attribute without a name") }
    case .all(let parts):
      if parts.count > 16 { throw .limitExceeded("\(parts.count) conditions, of 16") }
      for part in parts { try part.validate(level: level + 1) }
    }
  }

  /// Whether judging it takes the attributes.
  var readsAttributes: Bool {
    switch self {
    case .none, .exists, .notExists, .version: false
    case .numberAtLeast: true
    case .all(let parts): parts.contains { $0.readsAttributes }
    }
  }
}

extension [Change] {
  /// Checks each change and that no two concern the same thing; answers the bytes they hold.
  func validate() throws(StoreError) -> Int {
    var seen: Set<[UInt8]> = []
    var bytes = 0
    for change in self {
      let subject: [UInt8]
      switch change {
      case .set(let name, let value):
        try value.validate(depth: 1)
        let encoded = value.bytes.count
        if encoded > StoreLimits.itemBytes {
          throw .limitExceeded("an attribute of \(encoded) bytes, of \(StoreLimits.itemBytes)")
        }
        bytes += encoded
        subject = try Self.subject(name)
      case .remove(let name), .add(let name, _): subject = try Self.subject(name)
      case .expires: subject = [0]
      case .g1(let place):
        try place?.validate()
        subject = [1]
      case .g2(let place):
        try place?.validate()
        subject = [2]
      }
      bytes += subject.count
      guard seen.insert(subject).inserted else { throw .invalid("two changes of one attribute") }
    }
    return bytes
  }

  /// An attribute's name behind a byte that keeps it apart from expiry and places.
  private static func subject(_ name: String) throws(StoreError) -> [UInt8] {
    if name.isEmpty { throw .invalid("an attribute without a name") }
    return [3] + Array<UInt8>(name.utf8)
  }
}
