import Gateway
import JSON
import Time
import Tokens

/// Signing and verifying by algorithm, and what a token costs that was seen before.
enum TokenFigures {
  private static let issuer = "http://localhost:8080"

  static func run() throws {
    for algorithm in SignatureAlgorithm.allCases where !algorithm.isSymmetric {
      guard let key = SigningKey.generate(algorithm), let token = token(key),
        let public_ = key.verificationKey
      else { throw Unmeasurable() }
      let keys = KeySet([public_], generation: 1)
      var profile = IssuerProfile.rfc9068(issuer: issuer, audiences: ["portico-api"])
      profile.algorithms = [algorithm]
      profile.types = ["JWT", "at+jwt"]
      let verifier = TokenVerifier(profile)
      let now = SystemClock().now()
      _ = try verifier.verify(token, keys: keys, now: now)
      let signing = BenchParts.nanoseconds { _ = Self.token(key) }
      let verifying = try BenchParts.nanoseconds {
        _ = try verifier.verify(token, keys: keys, now: now)
      }
      BenchParts.report("sign \(algorithm.rawValue)", "per_second", 1e9 / signing)
      BenchParts.report("verify \(algorithm.rawValue), cold", "per_second", 1e9 / verifying)
      guard algorithm == .rs256 else { continue }
      let warm = JWTVerifier(profile: profile, keys: .local { keys })
      guard case .accepted = warm.verify(token, now: now) else { throw Unmeasurable() }
      let knowing = BenchParts.nanoseconds { _ = warm.verify(token, now: now) }
      BenchParts.report("verify RS256, warm", "per_second", 1e9 / knowing)
    }
  }

  /// An access token as the provider makes them.
  static func token(_ key: SigningKey) -> String? {
    let now = SystemClock().now().seconds
    return key.sign(
      JSONObject([
        ("iss", .string(issuer)), ("sub", "1003c5f6-3f16-413b-b33f-5527a89fc5c4"),
        ("username", "measurer"), ("aud", "portico-api"), ("client_id", "portico-web"),
        ("token_use", "access"), ("scope", "openid email profile"), ("iat", .int(now)),
        ("exp", .int(now + 900)), ("jti", "ghev9EO47a3P3hvGYyNHmQ"),
        ("sid", "fqlxcsBsEqCZc_QcEdodfA"),
      ]), type: "at+jwt")
  }
}
