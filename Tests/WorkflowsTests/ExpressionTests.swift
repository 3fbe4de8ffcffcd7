import JSON
import TestSupport
import Testing
import Time

@testable import Workflows

private let context: JSON = ["Execution": ["Name": "case"]]

private func scope(_ document: JSON) -> EvaluationScope {
  EvaluationScope(document: document, context: context, environment: .fixed())
}

@Suite("Paths")
struct PathTests {
  @Test(arguments: Cases.list("paths.json").indices)
  func `a path finds what Jayway finds`(index: Int) throws {
    let row = Cases.list("paths.json")[index]
    let text = row["path"]?.string ?? ""
    if row["refused"] == true {
      #expect(throws: PathSyntaxError.self, "\(text)") { _ = try JSONPath(parsing: text) }
      return
    }
    let path = try JSONPath(parsing: text)
    let value = path.value(in: row["document"] ?? .null)
    #expect(value == (row["missing"] == true ? nil : row["value"]), "\(text)")
  }
}

@Suite("Intrinsic functions")
struct IntrinsicTests {
  @Test(arguments: Cases.list("intrinsics.json").indices)
  func `a call gives what AWS documents`(index: Int) throws {
    let row = Cases.list("intrinsics.json")[index]
    let call = row["call"]?.string ?? ""
    let expression = try ValueExpression(parsing: call)
    let scope = scope(row["input"] ?? [:])
    if row["fails"] == true {
      let thrown = #expect(throws: StateError.self, "\(call)") {
        _ = try expression.value(scope, field: "x.$")
      }
      #expect(thrown?.name == "States.IntrinsicFailure")
    } else {
      #expect(try expression.value(scope, field: "x.$") == row["output"], "\(call)")
    }
  }

  @Test func `every function has a case`() {
    let calls = Cases.list("intrinsics.json").compactMap { $0["call"]?.string }
    for intrinsic in Intrinsic.allCases {
      #expect(calls.contains { $0.hasPrefix("\(intrinsic.rawValue)(") }, "\(intrinsic.rawValue)")
    }
  }

  @Test func `a seeded random number repeats`() throws {
    let call = try ValueExpression(parsing: "States.MathRandom(0, 1000000, 7)")
    let first = try call.value(scope([:]), field: "x")
    #expect(try call.value(scope([:]), field: "x") == first)
    #expect(try #require(first.int) < 1_000_000)
  }

  @Test func `calls nest ten deep and no deeper`() throws {
    func nested(_ depth: Int) -> String {
      depth == 0 ? "1" : "States.Array(\(nested(depth - 1)))"
    }
    _ = try ValueExpression(parsing: nested(10))
    #expect(throws: PathSyntaxError.self) { _ = try ValueExpression(parsing: nested(11)) }
  }
}

@Suite("Choice rules")
struct ChoiceTests {
  @Test(arguments: Cases.list("choice.json").indices)
  func `a rule matches as AWS says`(index: Int) throws {
    let row = Cases.list("choice.json")[index]
    let findings = DefinitionFindings(file: "f")
    let fields = FieldReader(row["rule"]?.object ?? [:], at: "", findings)
    let test = try #require(ChoiceReader(fields: fields).test(depth: 1))
    #expect(findings.diagnostics.isEmpty)
    #expect(try test.holds(scope(row["input"] ?? [:])) == row["matches"]?.bool, "\(row.text)")
  }

  @Test func `every operator has a case`() {
    let text = Cases.list("choice.json").map(\.text).joined()
    for name in ChoiceOperator.named.keys { #expect(text.contains("\"\(name)\":"), "\(name)") }
  }
}
