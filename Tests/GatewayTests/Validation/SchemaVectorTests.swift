import Diagnostics
import Foundation
import JSON
import Testing

@testable import Gateway

/// The files of the published suite, without those whose keywords Portico refuses at load.
private let files: [String] = {
  let names = (try? FileManager.default.contentsOfDirectory(atPath: SchemaVectorTests.folder)) ?? []
  return names.filter { $0.hasSuffix(".json") }.map { String($0.dropLast(5)) }.sorted()
}()

@Suite(
  "JSON Schema draft 2020-12 vectors",
  .enabled(if: !files.isEmpty, "../shared/vectors/json-schema is absent"))
struct SchemaVectorTests {
  static var folder: String {
    let inside = "json-schema/tests/draft2020-12"
    if let given = ProcessInfo.processInfo.environment["PORTICO_VECTORS"] {
      return "\(given)/\(inside)"
    }
    var root = URL(fileURLWithPath: #filePath)
    for _ in 0..<5 { root.deleteLastPathComponent() }
    return root.appendingPathComponent("shared/vectors/\(inside)").path
  }

  /// Keywords that are refused at load: every group of these files uses them.
  static let refusedFiles: Set<String> = [
    "anchor", "content", "dynamicRef", "refRemote", "unevaluatedItems", "unevaluatedProperties",
    "vocabulary",
  ]

  /// Groups of the other files that need `$id`, `$anchor`, another document or a keyword that is
  /// none; they must be refused, not answered wrongly.
  static let refusedGroups: Set<String> = [
    "defs: validate definition against metaschema",
    "format: idn-email format",
    "format: regex format",
    "format: idn-hostname format",
    "format: json-pointer format",
    "format: relative-json-pointer format",
    "format: iri format",
    "format: iri-reference format",
    "format: uri-reference format",
    "format: uri-template format",
    "format: duration format",
    "not: collect annotations inside a 'not', even if collection is disabled",
    "ref: remote ref, containing refs itself",
    "ref: Recursive references between schemas",
    "ref: ref creates new scope when adjacent to keywords",
    "ref: refs with relative uris and defs",
    "ref: relative refs with absolute uris and defs",
    "ref: $id must be resolved against nearest parent, not just immediate parent",
    "ref: order of evaluation: $id and $ref",
    "ref: order of evaluation: $id and $anchor and $ref",
    "ref: order of evaluation: $id and $ref on nested schema",
    "ref: simple URN base URI with $ref via the URN",
    "ref: simple URN base URI with JSON pointer",
    "ref: URN base URI with NSS",
    "ref: URN base URI with r-component",
    "ref: URN base URI with q-component",
    "ref: URN base URI with URN and JSON pointer ref",
    "ref: URN base URI with URN and anchor ref",
    "ref: URN ref with nested pointer ref",
    "ref: ref to if",
    "ref: ref to then",
    "ref: ref to else",
    "ref: ref with absolute-path-reference",
    "ref: $id with file URI still resolves pointers - *nix",
    "ref: $id with file URI still resolves pointers - windows",
  ]

  /// Portico's `format` asserts; these tests show that it may also be a mere annotation.
  static func isAnnotationTest(_ file: String, _ name: String) -> Bool {
    file == "format" && name.hasSuffix("is only an annotation by default")
  }

  @Test("the suite is whole") func whole() { #expect(files.count == 46) }

  @Test("file", arguments: files) func file(name: String) throws {
    let bytes = try Data(contentsOf: URL(fileURLWithPath: "\(Self.folder)/\(name).json"))
    for group in try #require(try JSON(parsing: bytes).array) {
      let title = "\(name): \(group["description"]?.string ?? "")"
      let schema = try #require(group["schema"])
      let mustRefuse = Self.refusedFiles.contains(name) || Self.refusedGroups.contains(title)
      let compiled: JSONSchema
      do throws(DiagnosticList) {
        compiled = try SchemaCompiler.compile(schema)
      } catch {
        #expect(mustRefuse, "\(title) was refused: \(error.diagnostics.map(\.message))")
        continue
      }
      #expect(!mustRefuse, "\(title) should have been refused")
      for test in group["tests"]?.array ?? [] {
        let description = test["description"]?.string ?? ""
        if Self.isAnnotationTest(name, description) { continue }
        let data = try #require(test["data"])
        #expect(compiled.accepts(data) == test["valid"]?.bool, "\(title): \(description)")
      }
    }
  }
}
