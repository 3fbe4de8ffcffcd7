import Diagnostics
import Settings
import Tokens

/// What `gateway.authorizers` says of one authorizer: whose tokens it takes and where the keys are.
package struct AuthorizerSettings: Sendable {
  /// What tokens are like.
  package enum Profile: String, Sendable, Hashable, CaseIterable {
    /// Any OIDC issuer's: `iss`, `aud` or `client_id`, times.
    case generic
    /// Access tokens of Amazon Cognito.
    case cognitoAccess = "cognito-access"
    /// ID tokens of Amazon Cognito.
    case cognitoID = "cognito-id"
    /// Access tokens by RFC 9068: the header's `typ` must be `at+jwt`.
    case rfc9068
    /// Document 004's: HS256 with a shared secret, no issuer, no audience.
    case legacyHS256 = "legacy-hs256"
  }

  /// The security scheme of the document, or the issuer that schemes name.
  package var name: String
  /// Nil is `generic`, and `rfc9068` for this program's own issuer.
  package var profile: Profile?
  /// Accepted values of `iss`; empty leaves what the document says. Discovery asks the first.
  package var issuers: [String] = []
  /// Where the key set is; nil asks the issuer's discovery document.
  package var keySetURL: String?
  /// What the header may name; nil leaves the profile's.
  package var algorithms: Set<SignatureAlgorithm>?
  /// Accepted audiences or clients; empty leaves what the document says.
  package var audiences: [String] = []
  /// Seconds by which clocks may differ; nil is 60, and 0 with `strict_aws`.
  package var leewaySeconds: Int?
  /// Put before names of users; nil is the authorizer's name and `:`.
  package var userPrefix: String?
  /// Of `legacy-hs256` only: the secret, and the one before it during a rotation.
  package var secrets: [Secret] = []
  /// Where it is written.
  package var place: Place

  /// An authorizer's settings, everything left to profile and document.
  package init(name: String, place: Place = Place(file: "portico.yaml")) {
    self.name = name
    self.place = place
  }
}

extension AuthorizerSettings {
  /// Audiences at most, API Gateway's bound.
  static let audiencesMost = 50
  /// Bytes that a shared secret must have at least: as many as the digest (RFC 7518 §3.2).
  static let secretBytesLeast = 32

  /// Reads one entry; findings are noted on the reader.
  init(_ name: String, _ reader: SettingsReader, readFile: (String) throws -> String) {
    self.init(name: name, place: reader.place)
    if reader.has("profile") { profile = reader.choice("profile", default: .generic) }
    issuers = reader.strings("issuer")
    audiences = reader.strings("audiences")
    if audiences.count > Self.audiencesMost {
      reader.note(.settingTooLong, "there are more than 50 audiences", key: "audiences")
    }
    keySetURL = Self.keySetURL(reader)
    algorithms = Self.algorithms(reader)
    if reader.has("leeway_seconds") {
      leewaySeconds = reader.int("leeway_seconds", default: 60, in: 0...60)
    }
    userPrefix = Self.userPrefix(reader)
    readSecrets(reader, readFile)
  }

  private static func keySetURL(_ reader: SettingsReader) -> String? {
    guard let url = reader.optionalString("jwks_uri") else { return nil }
    if IssuerMetadata.isTrustworthy(url), !UpstreamTarget.isForbidden(url) { return url }
    reader.note(
      .authorizerInvalid, "keys may not be fetched from '\(url)'", key: "jwks_uri",
      remedy: "write an https URL, or http on the loopback host")
    return nil
  }

  private static func algorithms(_ reader: SettingsReader) -> Set<SignatureAlgorithm>? {
    let names = reader.strings("algorithms")
    if names.isEmpty { return nil }
    let allowed = SignatureAlgorithm.allCases.filter { !$0.isSymmetric }.map(\.rawValue)
    for name in names where !allowed.contains(name) {
      // RFC 8725 §3.1: an issuer's public key must never be taken for a shared secret.
      let isShared = SignatureAlgorithm(rawValue: name)?.isSymmetric == true
      reader.note(
        .settingsWrongValue,
        isShared
          ? "'\(name)' needs a shared secret, which issuers do not publish"
          : "'\(name)' is not an algorithm",
        key: "algorithms",
        remedy: isShared
          ? "for document 004's tokens write 'profile: legacy-hs256'"
          : "write some of \(allowed.joined(separator: ", "))")
    }
    return Set(names.compactMap(SignatureAlgorithm.init(rawValue:)).filter { !$0.isSymmetric })
  }

  /// Empty, or ending with ':', which no name of this program's own accounts holds.
  private static func userPrefix(_ reader: SettingsReader) -> String? {
    guard let prefix = reader.optionalString("user_prefix") else { return nil }
    let isPlain = prefix.utf8.dropLast().allSatisfy { byte in
      let letter = Unicode.Scalar(byte)
      return letter.isASCII
        && (letter.properties.isAlphabetic || "0123456789._-".contains(Character(letter)))
    }
    if prefix.isEmpty || (prefix.hasSuffix(":") && isPlain && prefix.utf8.count <= 65) {
      return prefix
    }
    reader.note(
      .settingsWrongValue, "'\(prefix)' cannot stand before names", key: "user_prefix",
      remedy: "write letters, digits, '.', '_', '-' and a ':' at the end, or nothing")
    return nil
  }

  private mutating func readSecrets(
    _ reader: SettingsReader, _ readFile: (String) throws -> String
  ) {
    for key in ["secret", "previous_secret"] {
      guard let secret = reader.secret(key, readFile: readFile) else { continue }
      secrets.append(secret)
      if secret.reveal().utf8.count < Self.secretBytesLeast {
        reader.note(
          .authorizerInvalid, "the secret of '\(name)' has fewer than 32 bytes", key: key,
          remedy: "use the 32 bytes or more that the other side signs with")
      }
    }
    guard profile == .legacyHS256 else {
      if !secrets.isEmpty {
        reader.note(
          .authorizerInvalid,
          "the authorizer '\(name)' has a shared secret that no profile but "
            + "'legacy-hs256' uses", key: "profile", remedy: "remove it, or name that profile")
      }
      return
    }
    for key in ["issuer", "jwks_uri", "algorithms", "audiences"] where reader.has(key) {
      reader.note(
        .authorizerInvalid, "'legacy-hs256' has no '\(key)': its tokens do not name one", key: key,
        remedy: "remove it")
    }
    if secrets.isEmpty {
      reader.note(
        .authorizerInvalid, "the authorizer '\(name)' has no secret", key: "secret_file",
        remedy: "name a file by 'secret_file', or set the secret in the environment")
    }
  }
}
