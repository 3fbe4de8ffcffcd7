import Diagnostics

/// Security schemes and requirements; a requirement that cannot be enforced is refused, since a
/// skipped authorizer is an open door.
struct SecuritySchemes {
  private let findings: LoadFindings
  private let root: SourceNode
  private(set) var authorizers: [String: AuthorizerDefinition] = [:]
  private var keySchemes: Set<String> = []

  init(root: SourceNode, findings: LoadFindings) {
    self.root = root
    self.findings = findings
    for (key, scheme) in root["components"]?["securitySchemes"]?.members ?? [] {
      read(name: key.text ?? "", scheme)
    }
    if authorizers.count > 10 {
      findings.refuse(
        .authorizerInvalid, "an API may have at most 10 authorizers",
        at: root["components"]?["securitySchemes"]?.place, remedy: "join those that agree")
    }
  }

  private mutating func read(name: String, _ scheme: SourceNode) {
    findings.checkMembers(
      of: scheme, "a security scheme",
      known: [
        "type", "description", "name", "in", "scheme", "bearerFormat", "openIdConnectUrl", "flows",
        "x-amazon-apigateway-authorizer",
      ])
    if let authorizer = scheme["x-amazon-apigateway-authorizer"] {
      authorizers[name] = definition(name, authorizer)
      return
    }
    let isKey =
      scheme["type"]?.text == "apiKey" && scheme["in"]?.text == "header"
      && scheme["name"]?.text?.lowercased() == "x-api-key"
    guard isKey else {
      return findings.refuse(
        .authorizerInvalid, "the security scheme '\(name)' names no authorizer", at: scheme.place,
        remedy: "add x-amazon-apigateway-authorizer, or make it an API key in the header x-api-key")
    }
    keySchemes.insert(name)
  }

  private func definition(_ name: String, _ node: SourceNode) -> AuthorizerDefinition? {
    findings.checkMembers(
      of: node, "an authorizer", known: ["type", "jwtConfiguration", "identitySource"])
    guard node["type"]?.text == "jwt" else {
      findings.refuse(
        .authorizerInvalid, "the authorizer '\(name)' is not of type 'jwt'", at: node.place,
        remedy: "write 'type: jwt'; Lambda authorizers are not honoured yet")
      return nil
    }
    let configuration = node["jwtConfiguration"]
    if let configuration {
      findings.checkMembers(of: configuration, "'jwtConfiguration'", known: ["issuer", "audience"])
    }
    let audiences = configuration?["audience"]?.texts ?? []
    guard let issuer = configuration?["issuer"]?.text, !issuer.isEmpty,
      (1...50).contains(audiences.count)
    else {
      findings.refuse(
        .authorizerInvalid, "the authorizer '\(name)' needs an issuer and 1 to 50 audiences",
        at: node.place, remedy: "write jwtConfiguration with issuer and audience")
      return nil
    }
    for text in [issuer] + audiences where text.contains("${") {
      findings.refuse(
        .variableUnknown, "'\(text)' names a variable without a value", at: node.place,
        remedy: "use ${accounts.issuer_url}, ${accounts.audience} or ${site.origin}")
    }
    let selector = node["identitySource"]
    guard let source = IdentitySource(selector?.text ?? "$request.header.Authorization") else {
      findings.refuse(
        .authorizerInvalid, "the identity source '\(selector?.text ?? "")' is not one selector",
        at: selector?.place, remedy: "write $request.header.Authorization")
      return nil
    }
    return AuthorizerDefinition(
      name: name, issuer: issuer, audiences: audiences, source: source, place: node.place)
  }

  /// What an operation asks of its caller; its own `security` wins over the document's.
  func security(of operation: SourceNode, at place: Place) -> RouteSecurity {
    guard let node = operation["security"] ?? root["security"] else { return RouteSecurity() }
    guard let alternatives = node.elements, alternatives.count <= 1 else {
      findings.refuse(
        .authorizerInvalid, "a choice of security requirements cannot be enforced", at: node.place,
        remedy: "write one requirement, or none as '[]'")
      return RouteSecurity()
    }
    guard let requirement = alternatives.first else { return RouteSecurity() }
    var security = RouteSecurity()
    if requirement.members.isEmpty {
      findings.refuse(
        .authorizerInvalid, "an empty requirement makes the token optional", at: node.place,
        remedy: "write '[]' for a public route, or name a scheme")
    }
    for (key, scopes) in requirement.members {
      let name = key.text ?? ""
      if authorizers[name] != nil, security.authorizer == nil {
        security.authorizer = name
        security.scopes = scopes.texts ?? []
      } else if keySchemes.contains(name) {
        security.needsAPIKey = true
      } else {
        findings.refuse(
          .authorizerInvalid, "the requirement '\(name)' names no usable security scheme",
          at: key.place, remedy: "define it under components.securitySchemes, once")
      }
    }
    if security.scopes.count > 10 {
      findings.refuse(
        .authorizerInvalid, "a route may list at most 10 scopes", at: node.place,
        remedy: "shorten the list")
    }
    return security
  }
}
