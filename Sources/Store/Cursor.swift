import JSON

/// The place after which a page begins: the last item seen, as it stands in the table or index.
struct PagePosition: Sendable, Hashable {
  /// The sort key in the index; the item's own for the table.
  var sk: String
  /// The item.
  var key: ItemKey
}

extension Query {
  /// The cursor that stands for a place in this query.
  func cursor(after position: PagePosition) -> String {
    let fields = question + [position.sk, position.key.pk, position.key.sk]
    return Base64URL.encode(JSON.array(fields.map { .string($0) }).bytes)
  }

  /// The cursor with which the same query goes on behind an item that it brought.
  package func cursor(after item: Item) -> String {
    let place: String? =
      switch index {
      case .table: item.key.sk
      case .g1: item.g1?.sk
      case .g2: item.g2?.sk
      }
    return cursor(after: PagePosition(sk: place ?? item.key.sk, key: item.key))
  }

  /// What is asked, but for the limit: a cursor is one of exactly this question.
  private var question: [String] {
    [index.rawValue, direction == .ascending ? "a" : "d", pk, range.name] + range.texts
  }

  /// The place its cursor stands for, or nil without one.
  ///
  /// A cursor of another partition, index, direction or condition of the sort key is refused. A
  /// forged one can only choose where in the same partition the page begins.
  func position() throws(StoreError) -> PagePosition? {
    guard let cursor else { return nil }
    guard cursor.utf8.count <= StoreLimits.cursorBytes else {
      throw .limitExceeded("a cursor of \(cursor.utf8.count) bytes, of \(StoreLimits.cursorBytes)")
    }
    guard let bytes = Base64URL.decode(cursor),
      let fields = (try? JSON(parsing: bytes, limits: .init(depth: 2)))?.array?.map(\.string),
      case let question = question, fields.count == question.count + 3,
      zip(fields, question).allSatisfy({ $0?.utf8.elementsEqual($1.utf8) ?? false }),
      let sk = fields[question.count], let itemPK = fields[question.count + 1],
      let itemSK = fields[question.count + 2]
    else { throw .invalid("a cursor that is not of this query") }
    let position = PagePosition(sk: sk, key: ItemKey(itemPK, itemSK))
    try position.key.validate()
    try validateKeyText(sk, most: StoreLimits.sortKeyBytes, name: "sort key")
    return position
  }
}

extension Query.Range {
  /// Which condition it is.
  fileprivate var name: String {
    switch self {
    case .all: "all"
    case .equals: "="
    case .beginsWith: "begins"
    case .between: "between"
    case .greaterThan: ">"
    case .atLeast: ">="
    case .lessThan: "<"
    case .atMost: "<="
    }
  }
}

/// Base64 in the URL's alphabet without padding (RFC 4648 §5).
enum Base64URL {
  private static let alphabet = Array(
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)

  static func encode(_ bytes: [UInt8]) -> String {
    var out: [UInt8] = []
    out.reserveCapacity((bytes.count * 4 + 2) / 3)
    var buffer: UInt32 = 0
    var bits = 0
    for byte in bytes {
      buffer = buffer << 8 | UInt32(byte)
      bits += 8
      while bits >= 6 {
        bits -= 6
        out.append(alphabet[Int(buffer >> UInt32(bits) & 63)])
      }
    }
    if bits > 0 { out.append(alphabet[Int(buffer << UInt32(6 - bits) & 63)]) }
    return String(decoding: out, as: UTF8.self)
  }

  static func decode(_ text: String) -> [UInt8]? {
    var out: [UInt8] = []
    var buffer: UInt32 = 0
    var bits = 0
    for byte in text.utf8 {
      guard let value = alphabet.firstIndex(of: byte) else { return nil }
      buffer = buffer << 6 | UInt32(value)
      bits += 6
      if bits >= 8 {
        bits -= 8
        out.append(UInt8(truncatingIfNeeded: buffer >> UInt32(bits)))
      }
    }
    return out
  }
}
