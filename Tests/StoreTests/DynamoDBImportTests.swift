import Diagnostics
import JSON
import Testing
import Time

@testable import Store

/// DynamoDB-JSON in its three forms, and what is said of a file that is wrong.
@Suite("DynamoDB import")
struct DynamoDBImportTests {
  private func read(_ text: String) throws -> [Item] {
    try DynamoDBImport.items(in: Array(text.utf8), file: "t.json") {
      attributes throws(ImportFault) in try Item(singleTable: attributes)
    }
  }

  private func findings(_ text: String) -> [Diagnostic] {
    do {
      _ = try read(text)
      return []
    } catch let list as DiagnosticList {
      return list.diagnostics
    } catch {
      return [Diagnostic(.importItemBroken, "\(error)")]
    }
  }

  @Test func `an export's lines become items`() throws {
    let items = try read(
      """
      {"Item":{"pk":{"S":"USER#ann"},"sk":{"S":"PROFILE"},"username":{"S":"ann"},"ttl":{"N":"1800000000"}}}

      {"Item":{"sk":{"S":"META"},"pk":{"S":"STOCK#A"},"g1pk":{"S":"CATALOG"},"g1sk":{"S":"A"},"p":{"N":"904.70"}}}

      """)
    #expect(items.count == 2)
    #expect(items[0].key == ItemKey("USER#ann", "PROFILE"))
    #expect(items[0].expiresAt == Timestamp(seconds: 1_800_000_000))
    #expect(items[0].attributes.names == ["username"])
    #expect(items[1].g1 == IndexKey("CATALOG", "A"))
    #expect(items[1]["p"]?.number?.text == "904.70")
  }

  @Test func `a scan's answer and bare items are read`() throws {
    let scan = """
      {
        "Items": [
          {"pk": {"S": "a"}, "sk": {"S": "1"}},
          {"pk": {"S": "a"}, "sk": {"S": "2"}}
        ],
        "Count": 2, "ScannedCount": 2, "ConsumedCapacity": null
      }
      """
    let scanned = try read(scan)
    #expect(scanned.map(\.key.sk) == ["1", "2"])
    let bare = try read("{\n  \"pk\": {\"S\": \"a\"},\n  \"sk\": {\"S\": \"1\"}\n}\n")
    #expect(bare.map(\.key) == [ItemKey("a", "1")])
  }

  @Test func `every type becomes plain JSON`() throws {
    let items = try read(
      #"{"Item":{"pk":{"S":"a"},"sk":{"S":"1"},"m":{"M":{"l":{"L":[{"N":"1"},{"BOOL":true}]}}},"#
        + #""z":{"NULL":true},"ss":{"SS":["x","y"]},"ns":{"NS":["1","2.50"]},"b":{"B":"AA=="}}}"#)
    let expected = #"{"m":{"l":[1,true]},"z":null,"ss":["x","y"],"ns":[1,2.50],"b":"AA=="}"#
    #expect(JSON.object(items[0].attributes).text == expected)
  }

  static let wrong: [(text: String, line: Int, says: String)] = [
    (#"{"Item":{"pk":{"S":"a"},"sk":{"S":"1"},"p":{"N":1}}}"#, 1, "Item.p.N: a number is written"),
    (#"{"Item":{"pk":{"S":"a"},"sk":{"S":"1"},"p":{"N":"x"}}}"#, 1, "Item.p.N: a number"),
    (#"{"Item":{"pk":{"S":"a"},"sk":{"S":"1"},"p":"x"}}"#, 1, "Item.p: a value is an object"),
    (#"{"Item":{"pk":{"S":"a"},"sk":{"S":"1"},"p":{"X":"x"}}}"#, 1, "Item.p.X: there is no type"),
    (
      "\n" + #"{"Item":{"pk":{"S":"a"},"sk":{"S":"1"},"m":{"M":{"l":{"L":[{"S":1}]}}}}}"#, 2,
      "Item.m.M.l.L.0.S: 'S' holds a text"
    ),
    (#"{"Item":{"sk":{"S":"1"}}}"#, 1, "Item: 'pk' is missing"),
    (#"{"Item":{"pk":{"S":""},"sk":{"S":"1"}}}"#, 1, "Item.pk: 'pk' is a text"),
    (#"{"Item":{"pk":{"N":"1"},"sk":{"S":"1"}}}"#, 1, "Item.pk: 'pk' is a text"),
    (#"{"Item":{"pk":{"S":"a"},"sk":{"S":"1"},"g1pk":{"S":"x"}}}"#, 1, "stand together"),
    (#"{"Item":{"pk":{"S":"a"},"sk":{"S":"1"},"ttl":{"S":"x"}}}"#, 1, "Item.ttl: 'ttl' counts"),
    (#"{"Item":{"pk":{"S":"a"},"sk":{"S":"1"}},"x":1}"#, 1, "beside 'Item'"),
    (#"{"Item":{"pk":{"S":"a"},"sk":{"S":"1"}"#, 1, "cannot be imported"),
    (
      #"{"Item":{"pk":{"S":"a"},"sk":{"S":"1"}}}"# + "\n"
        + #"{"Item":{"pk":{"S":"a"},"sk":{"S":"1"}}}"#,
      2, "'a / 1' stands on line 1 already"
    ),
    ("{\"Items\":[\n{\"pk\":{\"S\":\"a\"},\n\"sk\":{\"S\":7}}]}", 3, "Items.0.sk.S: 'S' holds"),
    (#"{"Items":[],"Count":2}"#, 1, "Count: 'Count' says 2, there are 0 items"),
    (#"{"Items":[{"pk":{"S":"a"},"sk":{"S":"1"}}]"#, 1, "the text ends before"),
    (#"{"Items":{}}"#, 1, "Items: 'Items' is an array"),
  ]

  @Test(arguments: wrong)
  func `what is wrong is named with line and path`(
    row: (text: String, line: Int, says: String)
  ) {
    let found = findings(row.text)
    #expect(found.count == 1, "\(found.map(\.message))")
    #expect(found.first?.code == .importItemBroken)
    #expect(found.first?.message.contains(row.says) == true, "\(found.map(\.message))")
    #expect(found.first?.place?.line == row.line, "\(row.text)")
  }

  @Test func `a broken line does not hide the next`() {
    let found = findings(
      """
      {"Item":{"pk":{"S":"a"},"sk":{"S":"1"}}
      {"Item":{"pk":{"S":"b"},"sk":{"S":"1"},"p":{"N":"x"}}}
      {"Item":{"pk":{"S":"c"},"sk":{"S":"1"}}}
      {"Item":{"pk":{"S":"d"},"sk":{"N":"1"}}}
      """)
    #expect(found.last?.place?.line == 4)
    #expect(found.contains { $0.message.contains("Item.sk") })
  }

  @Test func `forms are told apart`() {
    let forms: [(String, Bool)] = [
      (#"{"pk":"a","sk":"1","attributes":{}}"#, false), (#"{"Item":{}}"#, true),
      (#"{"Items":[]}"#, true), (#"{"symbol":{"S":"A"}}"#, true),
      (#"{"pk":{"S":"a"},"sk":{"S":"1"}}"#, true), ("", false), ("[]", false), ("{", false),
    ]
    for (text, expected) in forms {
      #expect(DynamoDBImport.recognises(Array(text.utf8)) == expected, "\(text)")
    }
  }

  @Test func `no bytes bring it down`() {
    var generator = SystemRandomNumberGenerator()
    let pieces = [
      "{", "}", "[", "]", "\"", ":", ",", "\\", "Item", "Items", "S", "pk", " ", "\n", "1",
    ]
    for _ in 0..<2_000 {
      let text = (0..<Int.random(in: 0...30, using: &generator)).map { _ in
        pieces.randomElement(using: &generator) ?? ""
      }.joined()
      _ = DynamoDBImport.recognises(Array(text.utf8))
      _ = findings(text)
    }
  }
}
