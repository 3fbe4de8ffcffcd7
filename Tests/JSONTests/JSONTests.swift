import Testing

@testable import JSON

@Suite("JSON")
struct JSONTests {
  @Test(arguments: [
    "null", "true", "[]", "{}", "0", "-0", "1.50", "1e400", #""\u00e9\ud83d\ude00\n""#,
    #"{"b":1,"a":[{"c":null}]}"#, " \t\r\n[1 , 2]\n",
  ])
  func `a document of the RFC is read`(text: String) throws {
    let value = try JSON(parsing: text)
    #expect(try JSON(parsing: value.text) == value)
    #expect(try JSON(parsing: value.prettyText) == value)
  }

  @Test(arguments: [
    "", "nul", "01", "1.", ".5", "+1", "1e", "[1,]", "{,}", #"{"a"}"#, #"{"a":1 "b":2}"#, "'a'",
    #""\x""#, "\"\u{0}\"", #""\ud800""#, #""\udc00\ud800""#, #"{"a":1,"a":2}"#, "[1] 2", "\"abc",
    "/* */1",
  ])
  func `what the RFC does not allow is refused`(text: String) {
    #expect(throws: JSONSyntaxError.self) { try JSON(parsing: text) }
  }

  @Test func `broken UTF-8, depth and size are refused`() {
    #expect(throws: JSONSyntaxError.self) { try JSON(parsing: [0x22, 0xC3, 0x22] as [UInt8]) }
    let deep = String(repeating: "[", count: 65) + String(repeating: "]", count: 65)
    #expect(throws: JSONSyntaxError.self) { try JSON(parsing: deep) }
    #expect(throws: JSONSyntaxError.self) {
      try JSON(parsing: "[1,2,3]", limits: JSON.Limits(bytes: 3))
    }
  }

  @Test func `the place of a fault is its byte`() {
    #expect(throws: JSONSyntaxError(reason: "the name 'a' appears twice", offset: 7)) {
      try JSON(parsing: #"{"a":1,"a":2}"#)
    }
  }

  @Test(arguments: [
    ("3.133", 4, 31_330), ("1e2", 2, 10_000), ("-0.05", 2, -5), ("0.000", 0, 0),
    ("92233720368547758.07", 2, Int.max), ("-92233720368547758.08", 2, Int.min),
  ])
  func `a number is scaled exactly`(text: String, places: Int, expected: Int) throws {
    #expect(try #require(JSONNumber(text: text)).scaled(by: places) == expected)
  }

  @Test(arguments: [("0.001", 2), ("1e40", 0), ("92233720368547758.08", 2)])
  func `a number that does not fit is none`(text: String, places: Int) throws {
    #expect(try #require(JSONNumber(text: text)).scaled(by: places) == nil)
  }

  @Test func `numbers are equal and ordered by value`() throws {
    func number(_ text: String) throws -> JSONNumber { try #require(JSONNumber(text: text)) }
    #expect(try number("1") == number("1.0"))
    #expect(try number("10e-1") == number("1"))
    #expect(try number("-2") < number("-1.5"))
    #expect(try number("0") < number("1e-300"))
    #expect(try number("9") < number("1e1"))
    #expect(JSONNumber(text: "0x1") == nil)
  }

  @Test func `members keep their order and are equal in any`() throws {
    let one: JSON = ["a": 1, "b": 2]
    let two: JSON = ["b": 2, "a": 1]
    #expect(one == two)
    #expect(one.text == #"{"a":1,"b":2}"#)
    #expect(two.text == #"{"b":2,"a":1}"#)
    #expect(one.prettyText == two.prettyText)
    var object = JSONObject()
    for index in 0..<40 { object["n\(index)"] = .int(index) }
    object["n3"] = nil
    #expect(object["n39"] == 39 && object["n3"] == nil && object.count == 39)
  }

  @Test func `a text can stand in a page`() {
    #expect(JSON.string("</script>\u{1}\"").text == #""\u003c/script>\u0001\"""#)
  }
}
