import JSON
import Testing

@testable import Gateway

/// The tables of `Conformance`, each row as bytes on a socket.
@Suite("Conformance through a socket") struct SocketConformanceTests {
  @Test(arguments: ConformanceTests.cases) func row(_ test: ConformanceCase) async throws {
    try await withSocket(test.setup.rig(strict: test.strict)) { socket in
      let found = try await differences(test) { test in
        let answer = try socket.ask(
          test.method, test.target, host: test.host, headers: test.headers, body: test.body)
        // The listener names every request anew; the tables know one name.
        let id = answer["apigw-requestid"] ?? "-"
        return ConformanceAnswer(
          status: answer.status, headers: answer.headers,
          body: answer.body.replacing(id, with: "REQ-1"))
      }
      #expect(found.isEmpty, "\(found.joined(separator: "; "))")
    }
  }

  @Test func everyAnswerHasAnIDOfItsOwnThatTheLogHas() async throws {
    var ids: [String] = []
    let log = try await withSocket(ConformanceTests.rig(strict: true)) { socket in
      for target in ["/api/v1/check", "/api/v1/buy", "/api/v1/nowhere", "/api/v1/throw"] {
        ids.append(try socket.ask("GET", target)["apigw-requestid"] ?? "-")
      }
    }
    #expect(Set(ids).count == 4)
    #expect(log.map { $0["requestId"]?.string } == ids)
  }
}
