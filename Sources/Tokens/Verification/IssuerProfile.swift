/// What tokens of one issuer must be like.
package struct IssuerProfile: Sendable, Hashable {
  /// Accepted values of `iss`, compared exactly; empty accepts tokens without one (legacy only).
  package var issuers: [String]
  /// Accepted values of `aud`, or of `client_id` where `aud` is absent; empty accepts any.
  package var audiences: [String]
  /// What the header may name, if the key allows it too.
  package var algorithms: Set<SignatureAlgorithm>
  /// Accepted values of the header's `typ` without regard to case; empty accepts any but those that
  /// name another kind of token, such as `logout+jwt` (RFC 8725 §3.11).
  package var types: [String]
  /// The value that `token_use` must have when the token has one; nil accepts any.
  package var tokenUse: String?
  /// Whether `token_use` may be missing.
  package var tokenUseRequired = false
  /// Seconds by which clocks may differ.
  package var leewaySeconds: Int
  /// Seconds after `iat` from which a token is too old; nil for no bound.
  package var ageSecondsMost: Int?
  /// Put before subject and name, so that nobody of this issuer is somebody of another.
  package var subjectPrefix = ""

  package init(
    issuers: [String], audiences: [String] = [],
    algorithms: Set<SignatureAlgorithm> = [.rs256, .ps256, .es256, .edDSA], types: [String] = [],
    tokenUse: String? = "access", leewaySeconds: Int = 60, ageSecondsMost: Int? = nil
  ) {
    self.issuers = issuers
    self.audiences = audiences
    self.algorithms = algorithms
    self.types = types
    self.tokenUse = tokenUse
    self.leewaySeconds = leewaySeconds
    self.ageSecondsMost = ageSecondsMost
  }

  /// Access tokens by RFC 9068, such as our own: `typ` says so and `aud` names the API.
  package static func rfc9068(issuer: String, audiences: [String]) -> IssuerProfile {
    IssuerProfile(issuers: [issuer], audiences: audiences, types: ["at+jwt"])
  }

  /// Amazon Cognito's tokens: RS256 only and `token_use` always; an access token names its client in
  /// `client_id`, an ID token in `aud`.
  ///
  /// - Parameters:
  ///   - issuers: both forms of a pool's issuer, where it has two.
  ///   - clients: ids of the app clients whose users may come.
  ///   - use: `access` or `id`.
  package static func cognito(issuers: [String], clients: [String], use: String = "access")
    -> IssuerProfile
  {
    var profile = IssuerProfile(
      issuers: issuers, audiences: clients, algorithms: [.rs256], tokenUse: use)
    profile.tokenUseRequired = true
    return profile
  }

  /// What API Gateway's own authorizer takes: RSA only and no leeway.
  package static func strictAWS(issuer: String, audiences: [String]) -> IssuerProfile {
    IssuerProfile(
      issuers: [issuer], audiences: audiences, algorithms: [.rs256, .rs384, .rs512],
      tokenUse: nil, leewaySeconds: 0)
  }

  /// The tokens of document 004: HS256 with a configured secret, `username`, `iat`, `exp`, at most a
  /// day old. Their identity is (`legacy`, name): a name that looks like a subject is none.
  package static let legacyHS256: IssuerProfile = {
    var profile = IssuerProfile(
      issuers: [], algorithms: [.hs256], tokenUse: nil, ageSecondsMost: 86_400)
    profile.subjectPrefix = "legacy:"
    return profile
  }()
}
