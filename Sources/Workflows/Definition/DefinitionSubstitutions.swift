import JSON

/// `DefinitionSubstitutions` of AWS SAM: names in `${…}` within a definition's texts, and what stands
/// for them (docs.aws.amazon.com/step-functions/latest/dg/concepts-sam-sfn.html).
///
/// A name that is not listed stays as written: a resource may be `${BuyFunctionArn}` without any list.
package struct DefinitionSubstitutions: Sendable, Hashable {
  private let values: [String: String]

  package init(_ values: [String: String]) { self.values = values }

  func applied(to json: JSON) -> JSON {
    if values.isEmpty { return json }
    switch json {
    case .string(let text): return .string(applied(to: text))
    case .array(let elements): return .array(elements.map { applied(to: $0) })
    case .object(let object):
      return .object(JSONObject(object.map { ($0.name, applied(to: $0.value)) }))
    case .null, .bool, .number: return json
    }
  }

  /// Once, from left to right: what was put in is not looked at again.
  private func applied(to text: String) -> String {
    var result = ""
    var rest = text[...]
    while let start = rest.firstRange(of: "${") {
      result += rest[..<start.lowerBound]
      rest = rest[start.lowerBound...]
      guard let end = rest.firstIndex(of: "}") else { break }
      let name = String(rest[rest.index(rest.startIndex, offsetBy: 2)..<end])
      result += values[name] ?? String(rest[...end])
      rest = rest[rest.index(after: end)...]
    }
    return result + rest
  }
}
