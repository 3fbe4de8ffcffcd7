import Cryptography
import Diagnostics
import Foundation
import HTTPExchange
import JSON
import Settings
import Store
import Testing
import Time
import Tokens

@testable import Accounts

/// Signing keys and their rotation, the master key, the security log (auth.md §2.5, issue 4.7).
struct KeyAndAuditTests {
  @Test func `the key set has what verifiers ask for and nothing private`() async throws {
    let harness = try await AccountsHarness()
    let answer = try await harness.call("jwks", method: "GET")
    #expect(answer.headers["cache-control"] == "public, max-age=300")
    let tag = try #require(answer.headers["etag"])
    let key = try #require(answer.json["keys"]?[0])
    #expect(key["kty"] == "RSA")
    #expect(key["use"] == "sig")
    #expect(key["alg"] == "RS256")
    for name in ["d", "p", "q", "dp", "dq", "qi", "k"] { #expect(key[name] == nil) }
    // RFC 7638 §3: the id is the digest of the required members in order.
    let text = #"{"e":"\#(key["e"]?.string ?? "")","kty":"RSA","n":"\#(key["n"]?.string ?? "")"}"#
    #expect(key["kid"]?.string == SHA256.hash(text).base64URL)
    let same = try await harness.call("jwks", method: "GET", headers: [("if-none-match", tag)])
    #expect(same.status == 304)
    #expect(same.text.isEmpty)
  }

  @Test func `every endpoint that discovery names has a function`() async throws {
    let harness = try await AccountsHarness()
    let document = try await harness.call("oidc-configuration", method: "GET").json
    #expect(document["issuer"] == .string(AccountsHarness.origin))
    #expect(document["code_challenge_methods_supported"] == ["S256"])
    #expect(document["authorization_response_iss_parameter_supported"] == true)
    let paths =
      document.object?.members.filter { $0.name.hasSuffix("_endpoint") || $0.name == "jwks_uri" }
      .compactMap { $0.value.string?.dropFirst(AccountsHarness.origin.count) } ?? []
    #expect(
      Set(paths.map(String.init)) == [
        "/oauth2/authorize", "/oauth2/token", "/oauth2/userInfo", "/oauth2/revoke",
        "/oauth2/introspect", "/logout", "/.well-known/jwks.json",
      ])
  }

  @Test func `the schedule publishes ahead, promotes, retires and removes`() {
    let schedule = KeySchedule(retiredFor: .seconds(86_520))
    let start = Timestamp(seconds: 1_800_000_000)
    func at(_ days: Int) -> Timestamp { start + .seconds(days * 86_400) }
    let active = KeySchedule.Entry(id: "a", state: .active, since: start)
    #expect(schedule.steps([], now: start) == [.create(.active)])
    #expect(schedule.steps([active], now: at(88)).isEmpty)
    #expect(schedule.steps([active], now: at(89)) == [.create(.next)])
    let next = KeySchedule.Entry(id: "b", state: .next, since: at(89))
    #expect(schedule.steps([active, next], now: at(89)).isEmpty)
    #expect(schedule.steps([active, next], now: at(90)) == [.promote("b"), .retire("a")])
    // The machine was off for a year: nothing signs before it has been published for a day.
    let late = KeySchedule.Entry(id: "b", state: .next, since: at(365))
    #expect(schedule.steps([active, late], now: at(365)).isEmpty)
    let retired = KeySchedule.Entry(id: "a", state: .retired, since: at(90))
    let second = KeySchedule.Entry(id: "b", state: .active, since: at(90))
    #expect(schedule.steps([retired, second], now: at(91)).isEmpty)
    #expect(schedule.steps([retired, second], now: at(92)) == [.remove("a")])
    #expect(schedule.steps([active, second], now: at(90)) == [.retire("a")])
  }

  @Test func `tokens of a retired key hold until they expire`() async throws {
    let harness = try await AccountsHarness()
    harness.clock.advance(by: .seconds(89 * 86_400))
    try await harness.service.keys.maintain()
    #expect(harness.service.keySet.keys.count == 2)
    harness.clock.advance(by: .seconds(86_400))
    let old = try await harness.signedIn()
    try await harness.service.keys.maintain()
    let new = try await harness.signedIn()
    #expect(harness.identity(old) != nil)
    #expect(harness.identity(new) != nil)
    #expect(old.split(separator: ".")[0] != new.split(separator: ".")[0])
    harness.clock.advance(by: .seconds(2 * 86_400))
    try await harness.service.keys.maintain()
    #expect(harness.service.keySet.keys.count == 1)
  }

  @Test func `an emergency rotation refuses every earlier token`() async throws {
    let harness = try await AccountsHarness()
    let old = try await harness.signedIn()
    let generation = harness.service.keySet.generation
    try await harness.service.keys.rotateInEmergency()
    #expect(harness.identity(old) == nil)
    #expect(harness.service.keySet.generation > generation)
    #expect(harness.identity(try await harness.signedIn()) != nil)
  }

  @Test func `the first start makes a key and notes it`() async throws {
    let harness = try await AccountsHarness(masterKey: .random())
    #expect(harness.service.keySet.keys.count == 1)
    let head = try #require(try await harness.store.get(AuditLog.headKey))
    #expect(head["seq"] == 2)
  }

  @Test func `keys are sealed at rest and another master key is told apart`() async throws {
    let harness = try await AccountsHarness()
    let id = try #require(harness.service.keys.scheduleEntries.first?.id)
    let item = try #require(try await harness.store.get(KeyRing.itemKey(id)))
    let sealed = try #require(item["private"]?.string.flatMap { Base64URL.decode($0) })
    // The DER of an RSA key begins with a SEQUENCE of its version: no such thing is readable here.
    #expect(SigningKey(der: sealed, algorithm: .rs256) == nil)
    await #expect(throws: Diagnostic.self) {
      _ = try await AccountsHarness(
        store: harness.store, masterKey: .random(), clock: harness.clock)
    }
  }

  @Test func `preview makes a master key once, production never`() throws {
    let folder = NSTemporaryDirectory() + "portico-keys-\(UUID().uuidString)"
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let path = "\(folder)/secrets/master.key"
    let first = try MasterKey.resolve(nil, previewFile: path)
    let second = try MasterKey.resolve(nil, previewFile: path)
    #expect(first.bytes == second.bytes)
    let attributes = try FileManager.default.attributesOfItem(atPath: path)
    #expect((attributes[.posixPermissions] as? NSNumber)?.intValue == 0o600)
    #expect(throws: Diagnostic.self) { try MasterKey.resolve(nil, previewFile: nil) }
    #expect(throws: Diagnostic.self) { try MasterKey.resolve(Secret("short"), previewFile: nil) }
    let given = String(repeating: "ab", count: 32)
    #expect(try MasterKey.resolve(Secret(given), previewFile: nil).bytes.count == 32)
  }

  // MARK: Security log

  @Test func `the chain holds under parallel writers and across days`() async throws {
    let harness = try await AccountsHarness()
    let audit = harness.service.audit
    for _ in 0..<3 {
      try await withThrowingTaskGroup(of: Void.self) { group in
        for number in 0..<60 {
          group.addTask { try await audit.append(.signedIn, actor: "user\(number)") }
        }
        try await group.waitForAll()
      }
      harness.clock.advance(by: .seconds(86_400))
    }
    let report = try await AuditLog.verify(harness.store)
    #expect(report.faults.isEmpty)
    #expect(report.entries == 181)
  }

  @Test func `an altered, a missing and an added entry show`() async throws {
    for damage in 0..<3 {
      let harness = try await AccountsHarness()
      for number in 0..<5 {
        try await harness.service.audit.append(.signedIn, actor: "user\(number)")
      }
      let day = "AUDIT#\(harness.clock.now().isoDate)"
      let key = ItemKey(day, "000000000003")
      switch damage {
      case 0: try await harness.store.write(.update(key, [.set("actor", "nobody")]))
      case 1: try await harness.store.write(.delete(key))
      default:
        var copy = try #require(try await harness.store.get(key))
        copy.key = ItemKey(day, "000000000007")
        try await harness.store.write(.put(copy))
      }
      #expect(try await !AuditLog.verify(harness.store).faults.isEmpty)
    }
  }

  @Test func `what happened is in the log, and no secret is anywhere but in its place`()
    async throws
  {
    let harness = try await AccountsHarness {
      $0.transport = .log
    }
    _ = try await harness.json(
      "signup",
      [
        "username": "alice", "password": .string(AccountsHarness.password),
        "email": "alice@example.com",
      ])
    try await harness.service.outbox.deliver(secrets: harness.service.secrets)
    let tokens = try await harness.tokens()
    let token = try await harness.signedIn()
    _ = try await harness.json("login", ["username": "alice", "password": "a wrong secret"])
    let refresh = try #require(tokens["refresh_token"]?.string)
    _ = try await harness.post(
      "token", "grant_type=refresh_token&client_id=portico-web&refresh_token=\(refresh)")
    var audit = ""
    var events: Set<String> = []
    let page = try await harness.store.query(
      Query(pk: "AUDIT#\(harness.clock.now().isoDate)", limit: 1000))
    for item in page.items {
      audit += JSON.object(item.attributes).text
      events.insert(item["event"]?.string ?? "")
    }
    for event in [
      "account.created", "session.created", "session.refused", "code.issued", "tokens.issued",
    ] {
      #expect(events.contains(event))
    }
    let access = try #require(tokens["access_token"]?.string)
    let id = try #require(tokens["id_token"]?.string)
    for secret in [AccountsHarness.password, "a wrong secret", token, access, id, refresh] {
      #expect(!audit.contains(secret))
      #expect(!harness.log.text.contains(secret))
    }
    #expect(harness.log.text.contains("outbox"))
    #expect(!harness.log.text.contains("code is"))
  }
}
