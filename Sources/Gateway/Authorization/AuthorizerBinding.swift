import Diagnostics
import Settings
import Tokens

/// Makes the verifier of each authorizer: with this program's own keys, with a configured issuer's,
/// or with a shared secret.
package struct AuthorizerBinding: Sendable {
  /// This program's own provider.
  package struct OwnIssuer: Sendable {
    package var issuer: String
    package var keys: @Sendable () -> KeySet
    package var revocation: any RevocationCheck

    package init(
      issuer: String, keys: @escaping @Sendable () -> KeySet,
      revocation: any RevocationCheck = NoRevocation()
    ) {
      self.issuer = issuer
      self.keys = keys
      self.revocation = revocation
    }
  }

  private let settings: [AuthorizerSettings]
  private let strictAWS: Bool
  private let own: OwnIssuer
  private let remote: RemoteIssuers

  package init(_ settings: GatewaySettings, own: OwnIssuer, remote: RemoteIssuers) {
    self.settings = settings.authorizers
    strictAWS = settings.strictAWS
    self.own = own
    self.remote = remote
  }

  /// The verifier of an authorizer; nil when its issuer is neither our own nor configured.
  package func verifier(for definition: AuthorizerDefinition) throws(Diagnostic)
    -> (any BearerVerifier)?
  {
    guard let entry = AuthorizerSettings.entry(for: definition, in: settings) else {
      if definition.issuer != own.issuer { return nil }
      let entry = AuthorizerSettings(name: definition.name, place: definition.place)
      return try local(entry, definition)
    }
    if entry.profile == .legacyHS256 { return try shared(entry) }
    let issuers = entry.issuers.isEmpty ? [definition.issuer] : entry.issuers
    if issuers.contains(own.issuer) { return try local(entry, definition) }
    return try fetched(entry, definition, issuers)
  }

  // MARK: Where the keys come from

  private func local(_ entry: AuthorizerSettings, _ definition: AuthorizerDefinition)
    throws(Diagnostic) -> JWTVerifier
  {
    if entry.keySetURL != nil || entry.issuers.count > 1 {
      throw Diagnostic(
        .authorizerInvalid,
        "the keys of '\(own.issuer)' are this program's own: there is "
          + "nothing to fetch and no other issuer beside it", at: entry.place,
        remedy: "remove 'jwks_uri' and other issuers from 'gateway.authorizers.\(entry.name)'")
    }
    var entry = entry
    // Our own tokens say what they are; algorithms are those of our own keys.
    entry.profile = entry.profile ?? .rfc9068
    // Names of our own accounts are names as they are.
    entry.userPrefix = entry.userPrefix ?? ""
    let profile = try profile(entry, definition, [own.issuer], isOwn: true)
    return JWTVerifier(profile: profile, keys: .local(own.keys), revocation: own.revocation)
  }

  private func fetched(
    _ entry: AuthorizerSettings, _ definition: AuthorizerDefinition, _ issuers: [String]
  ) throws(Diagnostic) -> JWTVerifier {
    let issuer = issuers[0]
    if entry.keySetURL == nil,
      !IssuerMetadata.isTrustworthy(issuer) || UpstreamTarget.isForbidden(issuer)
    {
      throw Diagnostic(
        .authorizerInvalid, "the keys of '\(issuer)' cannot be discovered", at: entry.place,
        remedy: "name an issuer with https, or say where its keys are by 'jwks_uri'")
    }
    let profile = try profile(entry, definition, issuers, isOwn: false)
    let location = IssuerLocation(issuer: issuer, keySetURL: entry.keySetURL)
    return JWTVerifier(profile: profile, keys: .issuer(remote.keys(at: location)))
  }

  private func shared(_ entry: AuthorizerSettings) throws(Diagnostic) -> JWTVerifier {
    if strictAWS {
      throw Diagnostic(
        .authorizerInvalid, "API Gateway takes no tokens of 'legacy-hs256'", at: entry.place,
        remedy: "remove 'strict_aws', or the authorizer '\(entry.name)'")
    }
    let secrets = entry.secrets.map { Array($0.reveal().utf8) }
    guard let keys = KeySet(legacySecrets: secrets, generation: 1) else {
      throw Diagnostic(
        .authorizerInvalid, "the authorizer '\(entry.name)' has no usable secret",
        at: entry.place, remedy: "give it one secret of 32 bytes or more, two while it is changed")
    }
    var profile = IssuerProfile.legacyHS256
    if let leeway = entry.leewaySeconds { profile.leewaySeconds = leeway }
    if let prefix = entry.userPrefix { profile.subjectPrefix = prefix }
    return JWTVerifier(profile: profile, keys: .local { keys })
  }

  // MARK: What tokens must be like

  private func profile(
    _ entry: AuthorizerSettings, _ definition: AuthorizerDefinition, _ issuers: [String],
    isOwn: Bool
  ) throws(Diagnostic) -> IssuerProfile {
    let audiences = entry.audiences.isEmpty ? definition.audiences : entry.audiences
    var profile =
      switch entry.profile ?? .generic {
      case .cognitoAccess: IssuerProfile.cognito(issuers: issuers, clients: audiences)
      case .cognitoID: IssuerProfile.cognito(issuers: issuers, clients: audiences, use: "id")
      case .rfc9068: IssuerProfile(issuers: issuers, audiences: audiences, types: ["at+jwt"])
      case .generic, .legacyHS256:
        IssuerProfile(issuers: issuers, audiences: audiences, tokenUse: nil)
      }
    if let algorithms = entry.algorithms { profile.algorithms = algorithms }
    if strictAWS, !isOwn {
      let taken: Set<SignatureAlgorithm> = [.rs256, .rs384, .rs512]
      profile.algorithms =
        entry.algorithms == nil && entry.profile != .cognitoAccess && entry.profile != .cognitoID
        ? taken : profile.algorithms.intersection(taken)
    }
    if profile.algorithms.isEmpty {
      throw Diagnostic(
        .authorizerInvalid, "the authorizer '\(entry.name)' is left without an algorithm",
        at: entry.place, remedy: "with 'strict_aws' allow RS256, RS384 or RS512, as AWS does")
    }
    profile.leewaySeconds = entry.leewaySeconds ?? (strictAWS ? 0 : 60)
    profile.subjectPrefix = entry.userPrefix ?? "\(definition.name):"
    return profile
  }
}

extension AuthorizerSettings {
  /// The entry of an authorizer: by its name, else by the issuer that the document names.
  static func entry(for definition: AuthorizerDefinition, in settings: [AuthorizerSettings])
    -> AuthorizerSettings?
  {
    settings.first { $0.name == definition.name } ?? settings.first { $0.name == definition.issuer }
  }

  /// Entries that no document's authorizer asks for: a rule that applies to nothing is a mistake.
  static func unused(_ settings: [AuthorizerSettings], by definitions: [AuthorizerDefinition])
    -> [Diagnostic]
  {
    let known = definitions.flatMap { [$0.name, $0.issuer] }
    return settings.filter { !known.contains($0.name) }.map { entry in
      let near = Suggestion.nearest(to: entry.name, among: known)
      return Diagnostic(
        .authorizerUnknown, "'gateway.authorizers' names '\(entry.name)', which no document has",
        at: entry.place,
        remedy: near.map { "did you mean '\($0)'?" }
          ?? "use the name of a security scheme, or the issuer that one names")
    }
  }
}
