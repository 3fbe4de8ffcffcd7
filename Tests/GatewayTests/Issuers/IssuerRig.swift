import Diagnostics
import HTTPExchange
import JSON
import Settings
import Synchronization
import Testing
import Time
import Tokens

@testable import Gateway

/// A gateway whose routes trust the test's own issuer: real keys, real signatures and real sockets.
struct IssuerRig {
  let rig: Rig
  let issuer: StubIssuer
  let reports: Reports
  /// The clock of fetches; requests have the rig's.
  let clock: ManualClock

  final class Reports: Sendable {
    let all = Mutex<[Diagnostic]>([])
    var codes: [DiagnosticCode] { all.withLock { $0.map(\.code) } }
    var text: String { all.withLock { $0.map(\.message).joined(separator: "\n") } }
  }

  /// Runs with such an issuer and a gateway by those settings; `ISSUER` in them is its URL.
  static func run(
    _ settings: String = "{}", strict: Bool = false, documentIssuer: String? = nil,
    _ work: (IssuerRig) async throws -> Void
  ) async throws {
    let issuer = try await StubIssuer()
    let pool = UpstreamPool(group: issuer.group)
    let outcome: Result<Void, any Error>
    do {
      let entry = settings.replacing("ISSUER", with: issuer.url)
      let read = try Self.read("gateway: { authorizers: { token: \(entry) } }")
      let clock = ManualClock()
      let reports = Reports()
      let remote = pool.issuers(clock: clock) { found in reports.all.withLock { $0.append(found) } }
      let rig = try Self.rig(
        read.authorizers, strict, documentIssuer ?? issuer.url, remote)
      try await work(IssuerRig(rig: rig, issuer: issuer, reports: reports, clock: clock))
      outcome = .success(())
    } catch {
      outcome = .failure(error)
    }
    try await pool.shutdown()
    try await issuer.stop()
    try outcome.get()
  }

  static func read(
    _ yaml: String, files: [String: String] = [:], environment: [String: String] = [:]
  )
    throws -> GatewaySettings
  {
    struct Missing: Error {}
    let root = try SettingsDocument(yaml: yaml, environment: environment).reader()
    let settings = GatewaySettings(edge: root.section("edge"), gateway: root.section("gateway")) {
      guard let text = files[$0] else { throw Missing() }
      return text
    }
    try root.finish()
    return settings
  }

  private static func rig(
    _ authorizers: [AuthorizerSettings], _ strict: Bool, _ issuer: String, _ remote: RemoteIssuers
  ) throws -> Rig {
    let own = AuthorizerBinding.OwnIssuer(issuer: "http://localhost:8080", keys: { KeySet() })
    return try Rig(
      api: Rig.api.replacing("${accounts.issuer_url}", with: issuer), accounts: nil,
      configure: {
        $0.authorizers = authorizers
        $0.strictAWS = strict
      },
      assemble: { assembly in
        let binding = AuthorizerBinding(assembly.settings, own: own, remote: remote)
        assembly.verifier = { try #require(try binding.verifier(for: $0)) }
      })
  }

  /// A token that the route takes; `change` spoils it.
  func token(
    _ key: SigningKey, type: String = "JWT", _ change: (inout JSONObject) -> Void = { _ in }
  ) throws -> String {
    let now = rig.clock.now().seconds
    var claims = JSONObject([
      ("iss", .string(issuer.url)), ("sub", "u-1"), ("aud", "portico-api"), ("iat", .int(now)),
      ("exp", .int(now + 3_600)), ("scope", "orders.read"),
    ])
    change(&claims)
    return try #require(key.sign(claims, type: type))
  }

  /// What the gateway says to a token.
  func ask(_ token: String) async throws -> Response {
    try await rig.send("POST", "/api/v1/buy", headers: [("Authorization", "Bearer \(token)")])
  }

  func status(_ token: String) async throws -> Int { try await ask(token).status }

  /// Holds the gateway's answer to a token against a status.
  func expect(
    _ expected: Int, _ token: String, sourceLocation: SourceLocation = #_sourceLocation
  ) async throws {
    let status = try await status(token)
    #expect(status == expected, "\(reports.text)", sourceLocation: sourceLocation)
  }

  /// Time passes, for tokens and for fetches.
  func advance(seconds: Int) {
    clock.advance(by: .seconds(seconds))
    rig.clock.advance(by: .seconds(seconds))
  }
}
