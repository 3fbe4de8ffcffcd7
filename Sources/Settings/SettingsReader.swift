import Diagnostics
import Yams

/// What readers found wrong, shared by all readers of one document.
final class FindingLog {
  var findings: [Diagnostic] = []
}

/// Typed, located access to one section; every key that is asked for becomes a known key.
///
/// A wrong value is noted and the default returned, so that one run reports all mistakes. Whoever
/// reads the document calls `finish()`, which throws what was noted, unknown keys included.
package final class SettingsReader {
  private let document: SettingsDocument
  private let path: [String]
  private let mapping: Node.Mapping?
  private let log: FindingLog
  private var known: [String] = []
  private var children: [SettingsReader] = []
  /// Where this section stands.
  package let place: Place

  init(
    document: SettingsDocument, path: [String], mapping: Node.Mapping?, place: Place,
    log: FindingLog
  ) {
    self.document = document
    self.path = path
    self.mapping = mapping
    self.place = place
    self.log = log
  }

  // MARK: Structure

  /// The section below a key; absent is an empty section.
  package func section(_ key: String) -> SettingsReader {
    let node = take(key)
    if let node, node.mapping == nil, node.null == nil {
      note(.settingsWrongType, "'\(dotted(key))' is not a section", at: node)
    }
    return child(key, node)
  }

  /// The named entries of a section whose names are the person's own, in the order written.
  package func entries(of key: String) -> [(name: String, reader: SettingsReader)] {
    guard let node = take(key) else { return [] }
    guard let entries = node.mapping else {
      if node.null == nil {
        note(.settingsWrongType, "'\(dotted(key))' is not a mapping", at: node)
      }
      return []
    }
    return entries.compactMap { name, value in
      guard let name = name.string else { return nil }
      let reader = SettingsReader(
        document: document, path: path + [key, name], mapping: value.mapping, place: spot(value),
        log: log)
      if value.mapping == nil, value.null == nil {
        note(.settingsWrongType, "'\(dotted(key)).\(name)' is not a mapping", at: value)
      }
      children.append(reader)
      return (name, reader)
    }
  }

  /// The elements of a list of mappings.
  package func list(of key: String) -> [SettingsReader] {
    guard let node = take(key) else { return [] }
    guard let elements = node.sequence else {
      note(.settingsWrongType, "'\(dotted(key))' is not a list", at: node)
      return []
    }
    return elements.enumerated().map { position, element in
      if element.mapping == nil {
        note(.settingsWrongType, "'\(dotted(key))[\(position)]' is not a mapping", at: element)
      }
      let reader = SettingsReader(
        document: document, path: path + [key, String(position)], mapping: element.mapping,
        place: spot(element), log: log)
      children.append(reader)
      return reader
    }
  }

  private func child(_ key: String, _ node: Node?) -> SettingsReader {
    let reader = SettingsReader(
      document: document, path: path + [key], mapping: node?.mapping,
      place: node.map(spot) ?? place, log: log)
    children.append(reader)
    return reader
  }

  // MARK: Values

  /// A text, or the default.
  package func string(_ key: String, default value: String) -> String {
    optionalString(key) ?? value
  }

  /// A text, or nil when absent.
  package func optionalString(_ key: String) -> String? {
    known.append(key)
    if let given = given(key) { return given }
    guard let node = mapping?[key], node.null == nil else { return nil }
    guard let scalar = node.scalar else {
      note(.settingsWrongType, "'\(dotted(key))' is not a text", at: node)
      return nil
    }
    return scalar.string
  }

  /// A text that must be one of a few; otherwise the default with a finding.
  package func choice<Value: RawRepresentable & CaseIterable>(
    _ key: String, default value: Value
  ) -> Value where Value.RawValue == String {
    guard let text = optionalString(key) else { return value }
    if let match = Value(rawValue: text) { return match }
    let allowed = Value.allCases.map(\.rawValue)
    let near = Suggestion.nearest(to: text, among: allowed)
    note(
      .settingsWrongValue, "'\(text)' is not a value of '\(dotted(key))'", key: key,
      remedy: near.map { "did you mean '\($0)'?" }
        ?? "write one of \(allowed.joined(separator: ", "))")
    return value
  }

  /// A whole number within a range, or the default.
  package func int(_ key: String, default value: Int, in range: ClosedRange<Int> = 0...Int.max)
    -> Int
  {
    guard let text = optionalString(key) else { return value }
    guard let number = Int(text.replacing("_", with: "")) else {
      note(.settingsWrongType, "'\(dotted(key))' is not a whole number: '\(text)'", key: key)
      return value
    }
    guard range.contains(number) else {
      note(
        .settingsWrongValue, "'\(dotted(key))' is \(number), outside \(range)", key: key)
      return value
    }
    return number
  }

  /// A number with a fraction within a range, or the default.
  package func double(_ key: String, default value: Double, in range: ClosedRange<Double>)
    -> Double
  {
    guard let text = optionalString(key) else { return value }
    guard let number = Double(text), range.contains(number) else {
      note(.settingsWrongValue, "'\(dotted(key))' is not a number within \(range)", key: key)
      return value
    }
    return number
  }

  /// `true` or `false`, or the default.
  package func bool(_ key: String, default value: Bool) -> Bool {
    guard let text = optionalString(key) else { return value }
    switch text {
    case "true", "yes", "on", "1": return true
    case "false", "no", "off", "0": return false
    default:
      note(.settingsWrongType, "'\(dotted(key))' is neither true nor false: '\(text)'", key: key)
      return value
    }
  }

  /// A list of texts, or the default; the environment gives it separated by commas.
  package func strings(_ key: String, default value: [String] = []) -> [String] {
    known.append(key)
    if let given = given(key) {
      return given.split(separator: ",").map { String($0.trimmingSpaces) }
    }
    guard let node = mapping?[key], node.null == nil else { return value }
    if let scalar = node.scalar { return [scalar.string] }
    guard let elements = node.sequence, elements.allSatisfy({ $0.scalar != nil }) else {
      note(.settingsWrongType, "'\(dotted(key))' is not a list of texts", at: node)
      return value
    }
    return elements.compactMap { $0.scalar?.string }
  }

  /// The texts of a mapping whose names are the person's own.
  package func texts(of key: String) -> [(String, String)] {
    guard let node = take(key), node.null == nil else { return [] }
    guard let entries = node.mapping, entries.allSatisfy({ $1.scalar != nil }) else {
      note(.settingsWrongType, "'\(dotted(key))' is not a mapping of texts", at: node)
      return []
    }
    return entries.compactMap { name, value in
      guard let name = name.string, let text = value.scalar?.string else { return nil }
      return (name, text)
    }
  }

  /// A secret from `KEY_file` or the environment; the YAML may never hold it.
  ///
  /// `PORTICO_SECTION_KEY` wins over the file named by `KEY_file`.
  package func secret(_ key: String, readFile: (String) throws -> String) -> Secret? {
    known.append(key)
    if let node = mapping?[key] {
      note(
        .secretInSettings, "the secret '\(dotted(key))' is written in the settings file", at: node,
        remedy: "remove it; set \(variable(key)) or name a file by '\(key)_file'")
    }
    let file = optionalString("\(key)_file")
    if let given = given(key) { return Secret(given) }
    guard let file else { return nil }
    do {
      let text = try readFile(file)
      return Secret(text.hasSuffix("\n") ? String(text.dropLast()) : text)
    } catch {
      note(
        .secretUnreadable, "the file '\(file)' of the secret '\(dotted(key))' cannot be read",
        key: "\(key)_file", remedy: "create it with mode 0600, or set \(variable(key))")
      return nil
    }
  }

  // MARK: Findings

  /// Whether the file, the environment or a flag gives this key.
  package func has(_ key: String) -> Bool { given(key) != nil || mapping?[key] != nil }

  /// The place of a key, or of the section when it is absent.
  package func place(of key: String) -> Place { mapping?[key].map(spot) ?? place }

  /// Notes a finding about a key that only the caller can judge.
  package func note(_ code: DiagnosticCode, _ message: String, key: String, remedy: String? = nil) {
    log.findings.append(Diagnostic(code, message, at: place(of: key), remedy: remedy))
  }

  /// Throws everything that was noted in the whole document, unknown keys included.
  package func finish() throws(DiagnosticList) {
    collectUnknown()
    if !log.findings.isEmpty { throw DiagnosticList(log.findings) }
  }

  private func collectUnknown() {
    if let mapping {
      for (name, value) in mapping {
        guard let key = name.string, !known.contains(key) else { continue }
        let near = Suggestion.nearest(to: key, among: known)
        log.findings.append(
          Diagnostic(
            .settingsUnknownKey, "'\(dotted(key))' is not a setting",
            at: name.mark.map(spot) ?? spot(value),
            remedy: near.map { "did you mean '\($0)'?" }
              ?? "remove it, or see the article Settings for what there is"))
      }
    }
    for child in children { child.collectUnknown() }
  }

  // MARK: Parts

  private func take(_ key: String) -> Node? {
    known.append(key)
    return mapping?[key]
  }

  private func dotted(_ key: String) -> String { (path + [key]).joined(separator: ".") }

  private func variable(_ key: String) -> String {
    "PORTICO_" + (path + [key]).joined(separator: "_").uppercased()
  }

  private func given(_ key: String) -> String? {
    document.overrides[dotted(key)] ?? document.environment[variable(key)]
  }

  private func note(_ code: DiagnosticCode, _ message: String, at node: Node, remedy: String? = nil)
  {
    log.findings.append(Diagnostic(code, message, at: spot(node), remedy: remedy))
  }

  private func spot(_ node: Node) -> Place { node.mark.map(spot) ?? place }

  private func spot(_ mark: Mark) -> Place {
    SettingsDocument.place(file: document.file, mark: mark, lines: document.lines)
  }
}

extension Substring {
  fileprivate var trimmingSpaces: Substring {
    var text = self
    while text.first == " " { text.removeFirst() }
    while text.last == " " { text.removeLast() }
    return text
  }
}
