import Diagnostics
import JSON
import Testing

@testable import Gateway

@Suite("Schemas") struct JSONSchemaTests {
  private func compile(_ text: String) throws -> JSONSchema {
    try SchemaCompiler.compile(try JSON(parsing: text))
  }

  @Test(
    "what is not honoured is refused with its pointer",
    arguments: [
      (##"{"properties":{"a":{"unevaluatedProperties":false}}}"##, "#/properties/a"),
      (##"{"$dynamicRef":"#x"}"##, "$dynamicRef"), (##"{"$id":"http://a/b"}"##, "$id"),
      (##"{"$ref":"http://a/b"}"##, "another document"),
      (##"{"$ref":"#/$defs/x"}"##, "does not exist"),
      (##"{"type":"text"}"##, "'text'"), (##"{"format":"int32"}"##, "int32"),
      (##"{"pattern":"(?=a)"}"##, "looks ahead"), (##"{"multipleOf":0}"##, "multipleOf"),
      (##"{"minLength":-1}"##, "minLength"), (##"{"items":[{}]}"##, "neither an object"),
      (##"{"required":"a"}"##, "required"),
      (##"{"$schema":"http://json-schema.org/schema#"}"##, "$schema"),
      (##"{"$ref":"#"}"##, "without end"),
      (
        ##"{"$defs":{"a":{"allOf":[{"$ref":"#/$defs/b"}]},"b":{"$ref":"#/$defs/a"}}}"##,
        "without end"
      ),
      (##"{"nullable":true}"##, "nullable"), ("3", "neither an object"),
    ])
  func refusals(text: String, part: String) throws {
    #expect {
      _ = try compile(text)
    } throws: { error in
      (error as? DiagnosticList)?.diagnostics.contains { $0.message.contains(part) } == true
    }
  }

  @Test("violations carry pointer, keyword and message") func violations() throws {
    let schema = try compile(
      """
      {"type":"object","required":["symbol","quantity"],"additionalProperties":false,
       "properties":{"symbol":{"type":"string","pattern":"^[A-Z]+$"},
                     "quantity":{"type":"integer","minimum":1},
                     "legs":{"type":"array","items":{"type":"object","required":["a/b"]}}}}
      """)
    let value = try JSON(
      parsing: #"{"symbol":"aapl","legs":[{"a/b":1},{}],"x~y":1}"#)
    let found = schema.violations(in: value).map { "\($0.pointer) \($0.keyword)" }
    #expect(Set(found) == ["/symbol pattern", " required", "/legs/1 required", "/x~0y false"])
  }

  @Test("at most twenty violations are listed") func most() throws {
    let schema = try compile(#"{"items":{"type":"string"}}"#)
    #expect(schema.violations(in: .array(Array(repeating: 1, count: 500))).count == 20)
  }

  @Test(
    "decimals are exact",
    arguments: [
      ("0.01", "19.99", true), ("0.01", "19.999", false), ("0.0001", "0.0075", true),
      ("3", "9007199254740993", true), ("1e-8", "12391239123", true), ("0.1", "1.1", true),
      ("7", "1e400", false), ("1", "1e400", true), ("2.5", "-7.5", true), ("1e3", "500", false),
      ("123456789", "1e308", false), ("5", "0", true),
    ])
  func multiples(divisor: String, number: String, expected: Bool) throws {
    let schema = try compile(#"{"multipleOf":\#(divisor)}"#)
    #expect(schema.accepts(try JSON(parsing: number)) == expected)
  }

  @Test("a recursive schema ends with its value") func recursion() throws {
    let schema = try compile(
      ##"{"type":"object","properties":{"next":{"$ref":"#"}},"additionalProperties":false}"##)
    #expect(schema.accepts(try JSON(parsing: #"{"next":{"next":{}}}"#)))
    #expect(!schema.accepts(try JSON(parsing: #"{"next":{"nxt":{}}}"#)))
  }

  @Test("costly values are invalid rather than slow") func bounded() throws {
    let schema = try compile(
      ##"""
      {"$defs":{"a":{"anyOf":[{"items":{"$ref":"#/$defs/a"},"minItems":1},
                              {"items":{"$ref":"#/$defs/a"},"maxItems":9}]}},"$ref":"#/$defs/a",
       "not":{"const":1}}
      """##)
    var value: JSON = 1
    for _ in 0..<60 { value = [value] }
    let twice = try compile(
      ##"""
      {"$defs":{"a":{"allOf":[{"items":{"$ref":"#/$defs/a"}},{"items":{"$ref":"#/$defs/a"}}]}},
       "$ref":"#/$defs/a"}
      """##)
    #expect(schema.accepts(value))
    #expect(twice.violations(in: value).map(\.keyword) == ["limit"])
  }

  @Test("thousands of alike objects are compared in linear time") func unique() throws {
    let schema = try compile(#"{"uniqueItems":true}"#)
    let items = (0..<20_000).map { JSON.object(["id": .int($0)]) }
    #expect(schema.accepts(.array(items)))
    #expect(!schema.accepts(.array(items + [["id": .int(7)]])))
  }
}
