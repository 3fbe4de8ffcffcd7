import JSON

/// What is wrong in an imported item, and where within it.
package struct ImportFault: Error, Sendable, Hashable {
  /// Names and numbers that lead to the place, from the item.
  package var path: [String]
  /// As half a sentence.
  package var reason: String

  package init(_ path: [String], _ reason: String) {
    self.path = path
    self.reason = reason
  }
}

/// DynamoDB's JSON, in which each value says its type: `{"S":"NVDA"}`, `{"N":"904.7"}`
/// (docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_AttributeValue.html).
package enum AttributeValue {
  /// The attributes of an item as plain JSON; numbers keep their digits, sets become arrays.
  package static func attributes(_ item: JSON) throws(ImportFault) -> JSONObject {
    guard let object = item.object else { throw ImportFault([], "an item is an object") }
    var plain = JSONObject()
    for (name, value) in object {
      plain[name] = try self.plain(value, [name], depth: 1)
    }
    return plain
  }

  private static func plain(_ value: JSON, _ path: [String], depth: Int) throws(ImportFault) -> JSON
  {
    guard depth <= StoreLimits.depth else { throw ImportFault(path, "too deep") }
    guard let object = value.object, object.count == 1, let (type, inner) = object.members.first
    else { throw ImportFault(path, "a value is an object with its type, such as {\"S\":\"text\"}") }
    let path = path + [type]
    switch type {
    case "S":
      guard case .string = inner else { throw ImportFault(path, "'S' holds a text") }
      return inner
    case "N": return .number(try number(inner, path))
    case "BOOL":
      guard case .bool = inner else { throw ImportFault(path, "'BOOL' holds true or false") }
      return inner
    case "NULL":
      guard inner == true else { throw ImportFault(path, "'NULL' holds true") }
      return .null
    case "B":
      guard case .string = inner else { throw ImportFault(path, "'B' holds base64") }
      return inner
    case "L":
      return .array(
        try array(inner, path) { value, path throws(ImportFault) in
          try plain(value, path, depth: depth + 1)
        })
    case "M":
      guard let members = inner.object else { throw ImportFault(path, "'M' holds an object") }
      var plain = JSONObject()
      for (name, value) in members {
        plain[name] = try self.plain(value, path + [name], depth: depth + 1)
      }
      return .object(plain)
    case "SS", "BS":
      return .array(
        try array(inner, path) { value, path throws(ImportFault) in
          guard case .string = value else { throw ImportFault(path, "the set holds texts") }
          return value
        })
    case "NS":
      return .array(
        try array(inner, path) { value, path throws(ImportFault) in
          .number(try number(value, path))
        })
    default: throw ImportFault(path, "there is no type '\(type)'")
    }
  }

  private static func number(_ value: JSON, _ path: [String]) throws(ImportFault) -> JSONNumber {
    guard let text = value.string, let number = JSONNumber(text: text) else {
      throw ImportFault(path, "a number is written as a text of digits")
    }
    return number
  }

  private static func array(
    _ value: JSON, _ path: [String],
    _ element: (JSON, [String]) throws(ImportFault) -> JSON
  ) throws(ImportFault) -> [JSON] {
    guard let values = value.array else { throw ImportFault(path, "it holds an array") }
    var plain: [JSON] = []
    for (number, value) in values.enumerated() {
      plain.append(try element(value, path + [String(number)]))
    }
    return plain
  }
}
