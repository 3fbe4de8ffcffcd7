import Diagnostics
import JSON
import Store
import Testing
import Time

@Suite("Items as lines")
struct ItemCodecTests {
  @Test func `an item survives the way there and back`() throws {
    let item = Item(
      .user("é"), ["n": exact("0.10"), "deep": ["x": nil]], version: 7,
      expiresAt: Timestamp(milliseconds: 1_780_000_000_123), g1: IndexKey("A", "1"),
      g2: IndexKey("B", "2"))
    #expect(try Item(json: JSON(parsing: item.json.text)) == item)
    #expect(try Item(json: JSON(parsing: Item(.user("a")).json.text)) == Item(.user("a")))
  }

  @Test(arguments: [
    "[]", "{}", #"{"pk":"a"}"#, #"{"pk":"a","sk":1}"#, #"{"pk":"","sk":"b"}"#,
    #"{"pk":"a","sk":"b","attributes":[]}"#, #"{"pk":"a","sk":"b","expires":"soon"}"#,
    #"{"pk":"a","sk":"b","g1":["x"]}"#, #"{"pk":"a","sk":"b","g1":["x",""]}"#,
    #"{"pk":"a","sk":"b","extra":1}"#, #"{"pk":"a","sk":"b","attributes":{"n":1e999}}"#,
  ])
  func `a line that is no item is refused`(line: String) throws {
    let json = try JSON(parsing: line)
    #expect(throws: StoreError.self) { try Item(json: json) }
  }
}

@Suite("Import")
struct StoreImportTests {
  @Test func `lines become items, and what is there stays unless replaced`() async throws {
    let store = try SQLiteStore.inMemory(clock: ManualClock())
    try await store.write(.put(Item(.user("0"), ["n": "old"])))
    let lines = (0..<200).map { Item(.user("\($0)"), ["n": .int($0)]).json.text }
    let text = Array(("\n" + lines.joined(separator: "\r\n") + "\n").utf8)
    let items = try StoreImport.items(in: text, file: "items.jsonl")
    var report = try await StoreImport.write(items, into: store)
    #expect(report.written == 199)
    #expect(report.skipped == 1)
    #expect(try await store.get(.user("0"))?["n"] == "old")
    #expect(try await store.get(.user("199"))?["n"] == 199)
    report = try await StoreImport.write(items, into: store, replacing: true)
    #expect(report.written == 200)
    #expect(try await store.get(.user("0"))?["n"] == 0)
  }

  @Test func `a broken line is named and nothing is read`() throws {
    let text = #"""
      {"pk":"a","sk":"b"}
      {"pk":"a","sk":"b"

      {"pk":"a","sk":""}
      """#
    do {
      _ = try StoreImport.items(in: Array(text.utf8), file: "items.jsonl")
      Issue.record("broken lines were read")
    } catch let list as DiagnosticList {
      #expect(list.diagnostics.map { $0.place?.line } == [2, 4])
      #expect(list.diagnostics.map(\.code) == [.importLineBroken, .importLineBroken])
    }
  }
}
