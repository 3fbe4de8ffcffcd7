/// What we tell people: code, severity, place, remedy. Values only; whoever collects decides what
/// to do with them.
package struct Diagnostic: Error, Sendable, Hashable {
  /// How bad it is. An error cannot be silenced; a warning can, by its code.
  package enum Severity: String, Sendable, Hashable {
    case error
    case warning
    case note
  }

  /// The stable code, which `portico explain` knows.
  package var code: DiagnosticCode
  /// How bad it is.
  package var severity: Severity
  /// What is wrong, as one sentence without a full stop.
  package var message: String
  /// Where, when it is anywhere.
  package var place: Place?
  /// What to do, as one sentence without a full stop.
  package var remedy: String?

  package init(
    _ code: DiagnosticCode, _ message: String, at place: Place? = nil, remedy: String? = nil,
    severity: Severity = .error
  ) {
    self.code = code
    self.severity = severity
    self.message = message
    self.place = place
    self.remedy = remedy
  }
}

/// A stable code: one letter for the area, three digits; never used twice.
///
/// C settings, B build, S serve, G gateway, T tokens, A accounts, M market, R trading,
/// W workflows, D store, Y sync. Each target declares its own in `Target+Diagnostics.swift`.
package struct DiagnosticCode: Sendable, Hashable, ExpressibleByStringLiteral,
  CustomStringConvertible
{
  /// The code as printed.
  package let text: String

  package init(stringLiteral value: String) { text = value }

  package var description: String { text }
}

/// A place in a source: file, line and column from 1, and the line itself for the excerpt.
package struct Place: Sendable, Hashable {
  /// Path as the person knows it, relative to the project where possible.
  package var file: String
  /// From 1; 0 when only the file is known.
  package var line: Int
  /// From 1, counted in bytes; 0 when only the line is known.
  package var column: Int
  /// The text of the line, for the excerpt.
  package var excerpt: String?

  package init(file: String, line: Int = 0, column: Int = 0, excerpt: String? = nil) {
    self.file = file
    self.line = line
    self.column = column
    self.excerpt = excerpt
  }

  /// The place of a byte offset in a text.
  package init(file: String, text: [UInt8], offset: Int) {
    var line = 1
    var start = 0
    let end = min(offset, text.count)
    for (index, byte) in text[..<end].enumerated() where byte == 0x0A {
      line += 1
      start = index + 1
    }
    let stop = text[start...].firstIndex(of: 0x0A) ?? text.count
    self.init(
      file: file, line: line, column: end - start + 1,
      excerpt: String(decoding: text[start..<stop], as: UTF8.self))
  }
}

/// Several findings thrown as one.
package struct DiagnosticList: Error, Sendable, Hashable {
  /// The findings in the order they were made; never empty when thrown.
  package var diagnostics: [Diagnostic]

  package init(_ diagnostics: [Diagnostic]) { self.diagnostics = diagnostics }

  /// Whether any of them is an error.
  package var hasErrors: Bool { diagnostics.contains { $0.severity == .error } }
}
