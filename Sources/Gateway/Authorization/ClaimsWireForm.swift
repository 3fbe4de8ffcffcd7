import JSON

/// Claims as API Gateway hands them to functions: a flat map of strings (spec/gateway.md §1.1).
package enum ClaimsWireForm {
  /// Texts as they are, numbers and truth values as text, arrays as `[a b]`, objects as JSON,
  /// nulls dropped.
  package static func strings(_ claims: JSON) -> [(name: String, value: String)] {
    (claims.object ?? JSONObject()).compactMap { name, value in
      text(value).map { (name, $0) }
    }
  }

  /// One claim, or nil for a null.
  static func text(_ value: JSON) -> String? {
    switch value {
    case .null: nil
    case .string(let text): text
    case .bool(let flag): flag ? "true" : "false"
    case .number(let number): number.text
    case .array(let elements):
      "[" + elements.map { $0.string ?? $0.text }.joined(separator: " ") + "]"
    case .object: value.text
    }
  }
}
