import HTTPExchange
import NIOCore
import Testing

@testable import Gateway

/// The tables run in-process; the same tables run through a socket elsewhere.
@Suite struct ConformanceTests {
  static func rig(strict: Bool) throws -> Rig {
    try Rig(configure: { $0.strictAWS = strict })
  }

  static func sender(_ rig: Rig) -> (ConformanceCase) async throws -> ConformanceAnswer {
    { test in
      let response = try await rig.send(
        test.method, test.target, host: test.host, headers: test.headers, body: test.body)
      return ConformanceAnswer(
        status: response.status,
        headers: response.headers.fields.map { ($0.name, $0.value) }, body: response.text)
    }
  }

  @Test(arguments: authorizationCases + corsCases + routingCases + eventCases)
  func row(_ test: ConformanceCase) async throws {
    let found = try await differences(test, send: Self.sender(Self.rig(strict: test.strict)))
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
}
