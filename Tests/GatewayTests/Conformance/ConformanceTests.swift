import Diagnostics
import Foundation
import HTTPExchange
import NIOCore
import TestSupport
import Testing

@testable import Gateway

/// The tables run in-process; the same tables run through a socket elsewhere.
@Suite struct ConformanceTests {
  /// Every row's fixture, in the order of the spec.
  static let cases =
    authorizationCases + corsCases + throttlingCases + stageCacheCases + eventCases + routingCases
    + errorCases

  static func rig(strict: Bool) throws -> Rig {
    try ConformanceSetup.standard.rig(strict: strict)
  }

  static func sender(_ rig: Rig) -> (ConformanceCase) async throws -> ConformanceAnswer {
    { test in
      var headers = test.headers
      // As a socket's client states it.
      if !test.body.isEmpty, !headers.contains(where: { $0.0.lowercased() == "content-length" }) {
        headers.append(("Content-Length", String(test.body.utf8.count)))
      }
      let response = try await rig.send(
        test.method, test.target, host: test.host, headers: headers, body: test.body)
      return ConformanceAnswer(
        status: response.status,
        headers: response.headers.fields.map { ($0.name, $0.value) }, body: response.text,
        type: response.notes.errorType)
    }
  }

  @Test(arguments: cases) func row(_ test: ConformanceCase) async throws {
    let found = try await differences(
      test, send: Self.sender(test.setup.rig(strict: test.strict)))
    #expect(found.isEmpty, "\(found.joined(separator: "; "))")
  }

  @Test func everyAPIAnswerCarriesTheRequestID() async throws {
    let rig = try Self.rig(strict: true)
    for target in ["/api/v1/check", "/api/v1/buy", "/api/v1/nowhere", "/api/v1/throw"] {
      let response = try await rig.send("GET", target)
      #expect(response.headers.values("apigw-requestid") == ["REQ-1"])
    }
  }

  @Test func aRefusedRequestNeverReachesTheHandler() async throws {
    let rig = try Self.rig(strict: false)
    for token in ["forged", "nokeys", "never", ""] {
      _ = try await rig.send("POST", "/api/v1/buy", headers: [("Authorization", token)])
    }
    _ = try await rig.send("GET", "/api/v1/admin", headers: [("Authorization", "good")])
    #expect(rig.calls.value == 0)
  }

  // MARK: The rows

  @Test("every row of the spec is proved", arguments: specRows) func isProved(_ row: SpecRow) throws
  {
    #expect(!row.fixtures.isEmpty || row.evidence != nil, "no label")
    #expect(!row.fixtures.isEmpty || !row.proofs.isEmpty, "no proof")
    for fixture in row.fixtures {
      #expect(Self.cases.contains { $0.row.hasPrefix(fixture) }, "no fixture '\(fixture)'")
    }
    for proof in row.proofs {
      let cut = try #require(proof.firstRange(of: ": "))
      let path = "Tests/\(proof[..<cut.lowerBound])"
      let text = try Self.text(below: Repository.root.appendingPathComponent(path))
      #expect(text.contains(proof[cut.upperBound...]), "'\(proof)'")
    }
  }

  @Test("every fixture belongs to a row, or is ours") func isIndexed() {
    let known = specRows.flatMap(\.fixtures)
    for test in Self.cases where test.evidence != .ours && test.row.hasPrefix("1.") {
      let section = test.row.prefix(4)
      let isKnown =
        known.contains { test.row.hasPrefix($0) }
        || specRows.contains { $0.name.hasPrefix(section) }
      #expect(isKnown, "\(test.row)")
    }
  }

  /// The text of a file, or of all Swift files of a folder.
  private static func text(below url: URL) throws -> String {
    if url.pathExtension == "swift" { return try String(contentsOf: url, encoding: .utf8) }
    let files = FileManager.default.enumerator(at: url, includingPropertiesForKeys: nil)
    return try (files?.allObjects as? [URL] ?? []).filter { $0.pathExtension == "swift" }
      .map { try String(contentsOf: $0, encoding: .utf8) }.joined(separator: "\n")
  }

  // MARK: Refused at load

  @Test(arguments: [10, 11]) func tenAuthorizers(count: Int) {
    let schemes = (0..<count).map {
      """
          t\($0):
            x-amazon-apigateway-authorizer:
              type: jwt
              jwtConfiguration: { issuer: i, audience: [a] }

      """
    }
    let text =
      "openapi: 3.1.0\ninfo: { title: T, version: '1' }\npaths: {}\ncomponents:\n  securitySchemes:\n"
      + schemes.joined()
    let isGood = (try? OpenAPILoader.load(text, file: "o.yaml")) != nil
    #expect(isGood == (count == 10))
  }

  @Test(
    "credentials with * are refused at load, wherever it stands",
    arguments: ["allowOrigins", "allowMethods", "allowHeaders", "exposeHeaders"])
  func credentialsWithAnything(list: String) {
    var lists = ["allowOrigins": "https://a.example", "allowMethods": "GET"]
    lists[list] = "*"
    let members = lists.map { "\($0.key): ['\($0.value)']" }.sorted().joined(separator: ", ")
    for allows in [true, false] {
      let text =
        "openapi: 3.1.0\ninfo: { title: T, version: '1' }\npaths: {}\n"
        + "x-amazon-apigateway-cors: { \(members), allowCredentials: \(allows) }"
      do {
        _ = try OpenAPILoader.load(text, file: "o.yaml")
        #expect(!allows)
      } catch {
        #expect(allows)
        #expect(error.diagnostics.first?.code == .corsInvalid)
        #expect(error.diagnostics.first?.place?.line == 4)
      }
    }
  }
}
