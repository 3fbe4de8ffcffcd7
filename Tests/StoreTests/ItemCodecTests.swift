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
