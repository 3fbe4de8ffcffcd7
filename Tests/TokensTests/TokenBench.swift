import Foundation
import JSON
import Testing
import Time

@testable import Tokens

/// Nanoseconds of one verification, cold and warm; printed, never judged.
///
/// `PORTICO_BENCH=1 swift test -c release -Xswiftc -enable-testing --filter TokenBench`
@Suite("TokenBench")
struct TokenBench {
  static let isWanted = ProcessInfo.processInfo.environment["PORTICO_BENCH"] == "1"

  private func measure(_ name: String, _ count: Int, _ body: () -> Void) {
    let clock = SystemClock()
    var best = Duration.seconds(3_600)
    for _ in 0..<5 {
      let start = clock.monotonic()
      for _ in 0..<count { body() }
      best = min(best, (clock.monotonic() - start) / count)
    }
    let nanoseconds = max(1, best.wholeNanoseconds)
    print("\(name): \(nanoseconds) ns, \(1_000_000_000 / nanoseconds) per second and core")
  }

  @Test(
    .enabled(if: isWanted, "PORTICO_BENCH is not 1"),
    arguments: [SignatureAlgorithm.rs256, .es256, .edDSA])
  func `verification`(algorithm: SignatureAlgorithm) throws {
    let key = try #require(SigningKey.generate(algorithm))
    let now = Timestamp(seconds: 1_800_000_000)
    let token = try #require(
      key.sign(
        JSONObject([
          ("iss", "https://cognito-idp.eu-west-2.amazonaws.com/eu-west-2_abcdefghi"),
          ("sub", "7a1c1d3e-0c1d-4b1c-9c9b-8f0f6b7e6a10"), ("aud", "portico-api"),
          ("client_id", "2h4j5k6l7m8n9o0p1q2r3s4t5u"), ("token_use", "access"),
          ("scope", "openid profile email"), ("auth_time", 1_799_999_990), ("username", "ann"),
          ("iat", 1_799_999_990), ("exp", 1_800_003_600), ("cognito:groups", ["traders"]),
          ("jti", "99990000-1111-2222-3333-444455556666"), ("version", 2),
          ("sid", "abcdefghijklmnopqrstuvwxyz"),
        ]), type: "at+jwt"))
    let keys = KeySet([try #require(key.verificationKey)], generation: 1)
    let verifier = TokenVerifier(
      IssuerProfile(
        issuers: ["https://cognito-idp.eu-west-2.amazonaws.com/eu-west-2_abcdefghi"],
        audiences: ["portico-api"]))
    let verified = try verifier.verify(token, keys: keys, now: now)
    measure("\(algorithm.rawValue) cold, \(token.utf8.count) bytes", 2_000) {
      _ = try? verifier.verify(token, keys: keys, now: now)
    }
    let cache = VerifiedTokenCache()
    for index in 0..<8_000 {
      cache.insert("\(token.dropLast(6))\(100_000 + index)", verified, generation: 1, now: now)
    }
    cache.insert(token, verified, generation: 1, now: now)
    measure("\(algorithm.rawValue) warm", 200_000) {
      _ = cache.find(token, generation: 1, leewaySeconds: 60, now: now)
    }
  }
}
