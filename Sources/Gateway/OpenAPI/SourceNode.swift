import Diagnostics
import JSON
import Yams

/// The text a node came from, for excerpts.
final class SourceText {
  let file: String
  let lines: [Substring]

  init(file: String, text: String) {
    self.file = file
    lines = text.split(separator: "\n", omittingEmptySubsequences: false)
  }

  func place(_ mark: Mark?) -> Place {
    guard let mark else { return Place(file: file) }
    let index = mark.line - 1
    return Place(
      file: file, line: mark.line, column: mark.column,
      excerpt: lines.indices.contains(index) ? String(lines[index]) : nil)
  }
}

/// A node of a YAML or JSON document that knows its place.
struct SourceNode {
  let node: Node
  let source: SourceText

  /// Reads a document; JSON is YAML.
  init(parsing text: String, file: String) throws(Diagnostic) {
    let source = SourceText(file: file, text: text)
    let composed: Node?
    do {
      composed = try Yams.compose(yaml: text)
    } catch let error as YamlError {
      throw Self.syntax(error, source)
    } catch {
      throw Diagnostic(.openAPISyntax, "the document is not YAML", at: Place(file: file))
    }
    guard let composed, composed.mapping != nil else {
      throw Diagnostic(
        .openAPISyntax, "the document is not a mapping", at: Place(file: file, line: 1),
        remedy: "begin it with 'openapi: 3.1.0'")
    }
    self.init(node: composed, source: source)
  }

  init(node: Node, source: SourceText) {
    self.node = node
    self.source = source
  }

  private static func syntax(_ error: YamlError, _ source: SourceText) -> Diagnostic {
    switch error {
    case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
      .composer(_, let problem, let mark, _):
      Diagnostic(.openAPISyntax, problem, at: source.place(mark), remedy: "mend the YAML here")
    case .duplicatedKeysInMapping(let duplicates, let context):
      Diagnostic(
        .openAPISyntax,
        "the key \(duplicates.map { "'\($0)'" }.joined(separator: ", ")) is written twice",
        at: source.place(context.mark), remedy: "keep one of them")
    default: Diagnostic(.openAPISyntax, "the document is not YAML", at: Place(file: source.file))
    }
  }

  /// Where the node begins.
  var place: Place { source.place(node.mark) }

  /// The members in the order written; empty when this is no mapping.
  var members: [(key: SourceNode, value: SourceNode)] {
    guard let mapping = node.mapping else { return [] }
    return mapping.map { (wrap($0.key), wrap($0.value)) }
  }

  /// The elements, or nil when this is no sequence.
  var elements: [SourceNode]? { node.sequence.map { $0.map(wrap) } }

  var isMapping: Bool { node.mapping != nil }

  /// The text of a scalar as written.
  var text: String? { node.scalar?.string }

  /// The truth value of a plain `true` or `false`.
  var bool: Bool? {
    switch text {
    case "true": true
    case "false": false
    default: nil
    }
  }

  var int: Int? { text.flatMap { Int($0) } }

  /// The texts of a sequence of scalars, or nil when it is something else.
  var texts: [String]? {
    guard let elements else { return nil }
    let texts = elements.compactMap(\.text)
    return texts.count == elements.count ? texts : nil
  }

  /// The member of that name however it is quoted: Yams holds `200` and `"200"` for different keys.
  subscript(key: String) -> SourceNode? {
    node.mapping?.first { $0.key.scalar?.string == key }.map { wrap($0.value) }
  }

  private func wrap(_ node: Node) -> SourceNode { SourceNode(node: node, source: source) }

  /// The node a local reference names, or nil: `#/components/schemas/Quote`.
  func resolve(_ reference: String) -> SourceNode? {
    guard reference.hasPrefix("#/") else { return nil }
    var current: SourceNode? = self
    for part in reference.dropFirst(2).split(separator: "/", omittingEmptySubsequences: false) {
      let name = String(part).replacing("~1", with: "/").replacing("~0", with: "~")
      if let elements = current?.elements, let index = Int(name) {
        current = elements.indices.contains(index) ? elements[index] : nil
      } else {
        current = current?[name]
      }
    }
    return current
  }

  /// The same as JSON by YAML 1.2's core rules: `yes` and `1:30` are texts.
  var json: JSON {
    if let elements { return .array(elements.map(\.json)) }
    if isMapping { return .object(JSONObject(members.map { ($0.key.text ?? "", $0.value.json) })) }
    guard let scalar = node.scalar else { return .null }
    guard scalar.style == .plain || scalar.style == .any else { return .string(scalar.string) }
    switch scalar.string {
    case "true": return true
    case "false": return false
    case "", "~", "null": return .null
    case let text:
      if let number = JSONNumber(text: text) { return .number(number) }
      return .string(text)
    }
  }
}

/// What a load found wrong; a load goes on after a finding, so that one run names them all.
final class LoadFindings {
  var diagnostics: [Diagnostic] = []

  func refuse(_ code: DiagnosticCode, _ message: String, at place: Place?, remedy: String? = nil) {
    diagnostics.append(Diagnostic(code, message, at: place, remedy: remedy))
  }

  /// Refuses every member whose name is not among the known ones.
  func checkMembers(of node: SourceNode, _ what: String, known: [String]) {
    for (key, _) in node.members {
      guard let name = key.text, !known.contains(name) else { continue }
      let near = Suggestion.nearest(to: name, among: known)
      refuse(
        .openAPIUnsupported, "'\(name)' of \(what) is not honoured", at: key.place,
        remedy: near.map { "did you mean '\($0)'?" } ?? "remove it: nothing is skipped silently")
    }
  }
}
