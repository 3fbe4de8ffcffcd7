import JSON

/// A payload as an attribute of a store: itself where it is an object of a modest shape, otherwise
/// JSON within a text, so that no store's bounds on numbers and depth concern it.
package enum KeptPayload {
  private static let depthMost = 8
  private static let digitsMost = 18

  /// What is kept.
  package static func write(_ payload: JSON) -> JSON {
    if case .object(let object) = payload, isModest(object, depthMost) { return payload }
    return .string(payload.text)
  }

  /// Reads what `write` made; nil for anything else.
  package static func read(_ kept: JSON) -> JSON? {
    switch kept {
    case .object: kept
    case .string(let text): try? JSON(parsing: text)
    default: nil
    }
  }

  private static func isModest(_ object: JSONObject, _ depth: Int) -> Bool {
    object.allSatisfy { !$0.name.isEmpty && isModest($0.value, depth - 1) }
  }

  private static func isModest(_ value: JSON, _ depth: Int) -> Bool {
    switch value {
    case .null, .bool, .string: true
    case .number(let number):
      number.text.utf8.count <= digitsMost && !number.text.utf8.contains { $0 | 0x20 == 0x65 }
    case .array(let elements): depth > 0 && elements.allSatisfy { isModest($0, depth - 1) }
    case .object(let object): depth > 0 && isModest(object, depth)
    }
  }
}
