import Diagnostics

/// The text of a template with the path that people know it by.
package struct TemplateSource: Sendable, Hashable {
  /// Path for diagnostics.
  package var file: String
  /// The whole text of the file.
  package var text: [UInt8]
  /// Where the template begins in it, after a front matter.
  package var start: Int

  package init(file: String, text: [UInt8], start: Int = 0) {
    self.file = file
    self.text = text
    self.start = start
  }

  func place(_ offset: Int) -> Place { Place(file: file, text: text, offset: offset) }

  func error(_ code: DiagnosticCode, _ message: String, at offset: Int, remedy: String? = nil)
    -> Diagnostic
  {
    Diagnostic(code, message, at: place(offset), remedy: remedy)
  }
}
