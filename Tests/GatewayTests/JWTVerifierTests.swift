import HTTPExchange
import JSON
import Synchronization
import Testing
import Time
import Tokens

@testable import Gateway

/// The authorizer with real keys and signatures.
@Suite struct JWTVerifierTests {
  private static let issuer = "http://localhost:8080"
  private let clock = ManualClock()
  private let key: SigningKey

  init() throws { key = try #require(SigningKey.generate(.es256)) }

  private func token(_ change: (inout JSONObject) -> Void = { _ in }) throws -> String {
    let now = clock.now().seconds
    var claims = JSONObject([
      ("iss", .string(Self.issuer)), ("sub", "sub-1"), ("username", "alice"),
      ("aud", "portico-api"), ("token_use", "access"), ("scope", "orders.read"),
      ("iat", .int(now)), ("exp", .int(now + 900)), ("jti", "j-1"), ("sid", "s-1"),
    ])
    change(&claims)
    return try #require(key.sign(claims))
  }

  private func keys(generation: Int = 1) throws -> KeySet {
    KeySet([try #require(key.verificationKey)], generation: generation)
  }

  private func profile() -> IssuerProfile {
    IssuerProfile(issuers: [Self.issuer], audiences: ["portico-api"], leewaySeconds: 0)
  }

  private final class Revoked: RevocationCheck {
    let sessions = Mutex<Set<String>>([])

    func isRevoked(subject: String, sessionID: String?, tokenID: String?, issuedAt: Timestamp?)
      -> Bool
    {
      sessions.withLock { $0.contains(sessionID ?? "") }
    }
  }

  private func word(_ verdict: BearerVerdict) -> String {
    switch verdict {
    case .accepted(let identity): identity.username
    case .refused(let reason): reason
    case .unavailable: "unavailable"
    case .wait: "wait"
    }
  }

  @Test func acceptsAndRemembers() throws {
    let keys = try keys()
    let verifier = JWTVerifier(profile: profile(), keys: .local { keys })
    let token = try token()
    for _ in 0..<3 {
      guard case .accepted(let identity) = verifier.verify(token, now: clock.now()) else {
        Issue.record("refused")
        return
      }
      #expect(identity.subject == "sub-1")
      #expect(identity.scopes == ["orders.read"])
      #expect(identity.sessionID == "s-1")
    }
    clock.advance(by: .seconds(900))
    #expect(word(verifier.verify(token, now: clock.now())) == TokenError.expired.rawValue)
  }

  @Test func aForgeryFirstDoesNotSpoilTheHonest() throws {
    let keys = try keys()
    let verifier = JWTVerifier(profile: profile(), keys: .local { keys })
    let honest = try token()
    let forged = String(honest.dropLast(4)) + "AAAA"
    #expect(word(verifier.verify(forged, now: clock.now())) != "alice")
    #expect(word(verifier.verify(honest, now: clock.now())) == "alice")
    #expect(word(verifier.verify(forged, now: clock.now())) != "alice")
    let other = try token { $0["iss"] = "http://evil.example" }
    #expect(word(verifier.verify(other, now: clock.now())) == TokenError.issuer.rawValue)
  }

  @Test func aRevocationCountsAtOnce() throws {
    let keys = try keys()
    let revoked = Revoked()
    let verifier = JWTVerifier(profile: profile(), keys: .local { keys }, revocation: revoked)
    let token = try token()
    #expect(word(verifier.verify(token, now: clock.now())) == "alice")
    revoked.sessions.withLock { _ = $0.insert("s-1") }
    #expect(word(verifier.verify(token, now: clock.now())) == TokenError.revoked.rawValue)
  }

  @Test func withoutKeysNothingPasses() throws {
    let verifier = JWTVerifier(profile: profile(), keys: .local { KeySet() })
    #expect(word(verifier.verify(try token(), now: clock.now())) == "unavailable")
  }

  @Test func waitsForTheIssuersKeysOnce() async throws {
    let document = try keys().document
    let fetches = Mutex(0)
    let source = IssuerKeys(clock: clock) {
      fetches.withLock { $0 += 1 }
      return FetchedKeys(document: document)
    }
    let verifier = JWTVerifier(profile: profile(), keys: .issuer(source))
    let token = try token()
    guard case .wait(let fetch) = verifier.verify(token, now: clock.now()) else {
      Issue.record("did not wait")
      return
    }
    #expect(word(await fetch()) == "alice")
    #expect(word(verifier.verify(token, now: clock.now())) == "alice")
    #expect(fetches.withLock { $0 } == 1)
  }

  @Test func anIssuerThatIsDownLetsNothingThrough() async throws {
    struct Down: Error {}
    let source = IssuerKeys(clock: clock) { throw Down() }
    let verifier = JWTVerifier(profile: profile(), keys: .issuer(source))
    guard case .wait(let fetch) = verifier.verify(try token(), now: clock.now()) else {
      Issue.record("did not wait")
      return
    }
    #expect(word(await fetch()) == "unavailable")
    #expect(word(verifier.verify(try token(), now: clock.now())) == "unavailable")
  }
}
