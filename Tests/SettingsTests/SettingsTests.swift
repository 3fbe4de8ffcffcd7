import Diagnostics
import Testing

@testable import Settings

@Suite("Settings")
struct SettingsTests {
  enum Source: String, CaseIterable { case sim, replay }

  private func reader(
    _ yaml: String, environment: [String: String] = [:], overrides: [String: String] = [:]
  ) throws -> SettingsReader {
    try SettingsDocument(yaml: yaml, environment: environment, overrides: overrides).reader()
  }

  /// What a reading notes.
  private func findings(_ yaml: String, _ read: (SettingsReader) -> Void) throws -> [Diagnostic] {
    let root = try reader(yaml)
    read(root)
    do {
      try root.finish()
      return []
    } catch {
      return error.diagnostics
    }
  }

  @Test func `flag before environment before file before default`() throws {
    let yaml = "edge:\n  port: 1\n"
    #expect(try reader("").section("edge").int("port", default: 9) == 9)
    #expect(try reader(yaml).section("edge").int("port", default: 9) == 1)
    let environment = ["PORTICO_EDGE_PORT": "2"]
    #expect(
      try reader(yaml, environment: environment).section("edge").int("port", default: 9) == 2)
    #expect(
      try reader(yaml, environment: environment, overrides: ["edge.port": "3"]).section("edge")
        .int("port", default: 9) == 3)
  }

  @Test func `an unknown key has place and suggestion`() throws {
    let found = try findings("site:\n  titel: x\n") {
      _ = $0.section("site").string("title", default: "")
    }
    #expect(found.map(\.code) == [.settingsUnknownKey])
    #expect(found.first?.place?.line == 2 && found.first?.place?.column == 3)
    #expect(found.first?.remedy == "did you mean 'title'?")
  }

  @Test func `every wrong value is told, not only the first`() throws {
    let yaml = "a: x\nb: 99\nc: maybe\nd: simm\ne: {}\n"
    let found = try findings(yaml) {
      _ = $0.int("a", default: 0)
      _ = $0.int("b", default: 0, in: 0...9)
      _ = $0.bool("c", default: false)
      _ = $0.choice("d", default: Source.sim)
      _ = $0.strings("e")
    }
    #expect(found.count == 5)
    #expect(found[3].remedy == "did you mean 'sim'?")
  }

  @Test(arguments: ["a: [", "- 1\n", "a: 1\na: 2\n", "\t- x"])
  func `what is no settings file is refused`(yaml: String) {
    #expect(throws: DiagnosticList.self) { try reader(yaml) }
  }

  @Test func `a secret never stands in the file and never prints`() throws {
    let found = try findings("key: abc\n") { _ = $0.secret("key") { _ in "" } }
    #expect(found.map(\.code) == [.secretInSettings])
    let root = try reader("key_file: k\n", environment: ["PORTICO_KEY": "from the environment"])
    let secret = try #require(root.secret("key") { _ in "from the file\n" })
    #expect(secret.reveal() == "from the environment")
    #expect(!"\(secret)".contains("environment") && !String(reflecting: secret).contains("from"))
    let file = try reader("key_file: k\n").secret("key") { _ in "from the file\n" }
    #expect(file?.reveal() == "from the file")
  }

  @Test func `named entries and lists keep their order`() throws {
    let root = try reader("plans:\n  b: {rate: 2}\n  a: {rate: 1}\nhosts: [x, y]\n")
    let entries = root.entries(of: "plans")
    #expect(entries.map(\.name) == ["b", "a"])
    #expect(entries.map { $0.reader.int("rate", default: 0) } == [2, 1])
    #expect(root.strings("hosts") == ["x", "y"])
    try root.finish()
  }
}
