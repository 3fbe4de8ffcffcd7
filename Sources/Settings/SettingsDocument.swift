import Diagnostics
import Yams

/// `portico.yaml`, the environment and the flags as one located tree.
///
/// Precedence, highest first: flags, environment (`PORTICO_SECTION_KEY`), file, default.
package struct SettingsDocument {
  let root: Node?
  let file: String
  let lines: [Substring]
  let environment: [String: String]
  let overrides: [String: String]

  /// Reads the text of `portico.yaml`; an empty text is a project of defaults.
  ///
  /// - Parameters:
  ///   - yaml: the text.
  ///   - file: the path as the person knows it, for diagnostics.
  ///   - environment: the process environment; only names with the prefix `PORTICO_` count.
  ///   - overrides: flags by dotted key, such as `edge.port`.
  package init(
    yaml: String, file: String = "portico.yaml", environment: [String: String] = [:],
    overrides: [String: String] = [:]
  ) throws(DiagnosticList) {
    self.file = file
    self.environment = environment
    self.overrides = overrides
    lines = yaml.split(separator: "\n", omittingEmptySubsequences: false)
    do {
      root = try Yams.compose(yaml: yaml)
    } catch let error as YamlError {
      throw DiagnosticList([Self.syntax(error, file: file, lines: lines)])
    } catch {
      throw DiagnosticList([Diagnostic(.settingsSyntax, "\(error)", at: Place(file: file))])
    }
    if let root, root.mapping == nil, root.null == nil {
      throw DiagnosticList([
        Diagnostic(
          .settingsSyntax, "the settings file is not a mapping", at: Place(file: file, line: 1),
          remedy: "write sections such as 'site:' with keys below them")
      ])
    }
  }

  private static func syntax(_ error: YamlError, file: String, lines: [Substring]) -> Diagnostic {
    switch error {
    case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
      .composer(_, let problem, let mark, _):
      return Diagnostic(
        .settingsSyntax, problem,
        at: place(file: file, mark: mark, lines: lines),
        remedy: "mend the YAML at this place")
    case .duplicatedKeysInMapping(let duplicates, let context):
      let names = duplicates.map { "'\($0)'" }.joined(separator: ", ")
      return Diagnostic(
        .settingsSyntax, "the key \(names) is written twice",
        at: place(file: file, mark: context.mark, lines: lines),
        remedy: "keep one of them")
    default:
      return Diagnostic(.settingsSyntax, "the file is not YAML", at: Place(file: file))
    }
  }

  static func place(file: String, mark: Mark, lines: [Substring]) -> Place {
    let index = mark.line - 1
    return Place(
      file: file, line: mark.line, column: mark.column,
      excerpt: lines.indices.contains(index) ? String(lines[index]) : nil)
  }

  /// A reader over the whole document; call `finish()` once every section has been read.
  package func reader() -> SettingsReader {
    SettingsReader(
      document: self, path: [], mapping: root?.mapping, place: Place(file: file), log: FindingLog())
  }
}
