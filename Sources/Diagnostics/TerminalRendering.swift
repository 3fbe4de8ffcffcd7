import JSON

extension Diagnostic {
  /// The finding as a person reads it on a terminal: place, severity, code, line with caret, remedy.
  package func terminalText(colour: Bool = false) -> String {
    let paint = Paint(enabled: colour)
    var text = ""
    if let place { text += paint.bold(place.description) + ": " }
    text += "\(paint.severity(severity)): \(message) [\(code)]\n"
    if let place, let excerpt = place.excerpt, place.line > 0 {
      text += Self.excerptText(excerpt, line: place.line, column: place.column, paint: paint)
    }
    if let remedy { text += "  \(paint.bold("help")): \(remedy)\n" }
    return text
  }

  private static func excerptText(_ excerpt: String, line: Int, column: Int, paint: Paint) -> String
  {
    let number = String(line)
    let gutter = String(repeating: " ", count: number.count)
    // Tabs are kept in the margin so that the caret stands where the eye expects it.
    let before = excerpt.utf8.prefix(max(0, column - 1))
    let margin = String(decoding: before.map { $0 == 0x09 ? 0x09 : 0x20 }, as: UTF8.self)
    var text = "  \(number) | \(Self.printable(excerpt))\n"
    if column > 0 { text += "  \(gutter) | \(margin)\(paint.bold("^"))\n" }
    return text
  }

  /// Control characters never reach the terminal: a source line is somebody else's text.
  private static func printable(_ text: String) -> String {
    String(
      String.UnicodeScalarView(
        text.unicodeScalars.prefix(400).map { $0.value < 0x20 && $0 != "\t" ? "\u{FFFD}" : $0 }))
  }

  /// The finding for machines.
  package var json: JSON {
    var object = JSONObject()
    object["code"] = .string(code.text)
    object["severity"] = .string(severity.rawValue)
    object["message"] = .string(message)
    if let place {
      object["file"] = .string(place.file)
      if place.line > 0 { object["line"] = .int(place.line) }
      if place.column > 0 { object["column"] = .int(place.column) }
    }
    if let remedy { object["remedy"] = .string(remedy) }
    return .object(object)
  }
}

extension Place: CustomStringConvertible {
  package var description: String {
    if line == 0 { return file }
    return column == 0 ? "\(file):\(line)" : "\(file):\(line):\(column)"
  }
}

/// ANSI colours, only where a person looks.
private struct Paint {
  let enabled: Bool

  func bold(_ text: String) -> String { enabled ? "\u{1B}[1m\(text)\u{1B}[0m" : text }

  func severity(_ severity: Diagnostic.Severity) -> String {
    guard enabled else { return severity.rawValue }
    let colour =
      switch severity {
      case .error: 31
      case .warning: 33
      case .note: 36
      }
    return "\u{1B}[1;\(colour)m\(severity.rawValue)\u{1B}[0m"
  }
}
