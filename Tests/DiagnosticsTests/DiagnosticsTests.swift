import JSON
import Testing

@testable import Diagnostics

@Suite("Diagnostics")
struct DiagnosticsTests {
  @Test func `a finding shows place, line, caret and remedy`() {
    let text = Array("site:\n\ttitel: x\n".utf8)
    let place = Place(file: "portico.yaml", text: text, offset: 7)
    let finding = Diagnostic(
      "C002", "'titel' is not a setting", at: place, remedy: "did you mean 'title'?")
    #expect(
      finding.terminalText() == """
        portico.yaml:2:2: error: 'titel' is not a setting [C002]
          2 | \ttitel: x
            | \t^
          help: did you mean 'title'?

        """)
    #expect(finding.json["line"] == 2)
    #expect(finding.json["code"] == "C002")
  }

  @Test func `a line of somebody else cannot steer the terminal`() {
    let place = Place(file: "x", line: 1, column: 1, excerpt: "\u{1B}[2J")
    #expect(!Diagnostic("B001", "m", at: place).terminalText().contains("\u{1B}"))
  }

  @Test(arguments: [
    ("titel", "title"), ("prot", "port"), ("descrption", "description"), ("x", nil),
    ("completely", nil),
  ])
  func `the nearest word is suggested`(word: String, expected: String?) {
    #expect(
      Suggestion.nearest(to: word, among: ["title", "port", "description", "folder"]) == expected)
  }
}
