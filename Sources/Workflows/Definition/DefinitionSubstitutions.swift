import Diagnostics
import JSON

/// `DefinitionSubstitutions` of AWS SAM: names in `${…}` within a definition's texts, and what stands
/// for them (docs.aws.amazon.com/step-functions/latest/dg/concepts-sam-sfn.html).
///
/// `${Region}`, `${Account}` and the pseudo parameters of CloudFormation stand for this program, as
/// in the ARNs of executions. Another name that is not listed stays as written: a resource may be
/// `${BuyFunctionArn}` without any list.
package struct DefinitionSubstitutions: Sendable, Hashable {
  private let values: [String: String]
  /// The names that were given, without those that every definition may use.
  private let given: [String]

  /// Names that every definition may use.
  private static let local = [
    "Region": ExecutionID.region, "Account": ExecutionID.account,
    "AWS::Region": ExecutionID.region, "AWS::AccountId": ExecutionID.account,
    "AWS::Partition": "aws",
  ]

  package init(_ values: [String: String] = [:]) {
    self.values = Self.local.merging(values) { $1 }
    given = values.keys.sorted()
  }

  func applied(to json: JSON) -> JSON {
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

  /// Those given that stand nowhere in a definition: most likely one is misspelt.
  package func unused(in text: [UInt8], file: String) -> [Diagnostic] {
    let text = String(decoding: text, as: UTF8.self)
    let names = text.split(separator: "${").dropFirst().compactMap { part in
      part.firstIndex(of: "}").map { String(part[..<$0]) }
    }
    return given.filter { !text.contains("${\($0)}") }.map { name in
      let near = Suggestion.nearest(to: name, among: names)
      return Diagnostic(
        .workflowSubstitutionUnused, "nothing in the definition is '${\(name)}'",
        at: Place(file: file), remedy: near.map { "did you mean '\($0)'?" } ?? "leave it out")
    }
  }
}
