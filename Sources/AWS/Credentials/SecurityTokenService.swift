import Cryptography
import Time

/// STS: a role's temporary credentials for a web identity token or for other credentials.
struct SecurityTokenService: Sendable {
  let transport: any HTTPTransport
  let clock: any TimeSource
  let region: String
  let endpoint: String?

  /// AssumeRoleWithWebIdentity is not signed: the token is the proof.
  func assumeRole(
    _ role: String, webIdentityFile file: String, session: String?, environment: AWSEnvironment
  ) async throws(AWSError) -> Credentials {
    let source = "web identity for \(role)"
    guard let token = environment.text(of: file) else {
      throw .source(
        source, "the token file '\(file)' cannot be read",
        remedy: "check AWS_WEB_IDENTITY_TOKEN_FILE and the file's mode")
    }
    let form = [
      QueryItem("Action", "AssumeRoleWithWebIdentity"), QueryItem("Version", "2011-06-15"),
      QueryItem("RoleArn", role), QueryItem("RoleSessionName", session ?? "portico"),
      QueryItem("WebIdentityToken", token.trimmingWhitespace),
    ]
    return try await call(try request(form), source: source)
  }

  /// AssumeRole, signed with the credentials that the role trusts.
  func assumeRole(
    _ role: String, session: String?, externalID: String?, with base: Credentials, source: String
  ) async throws(AWSError) -> Credentials {
    var form = [
      QueryItem("Action", "AssumeRole"), QueryItem("Version", "2011-06-15"),
      QueryItem("RoleArn", role), QueryItem("RoleSessionName", session ?? "portico"),
    ]
    if let externalID { form.append(QueryItem("ExternalId", externalID)) }
    let signed = SigV4(region: region, service: "sts").signHeader(
      try request(form), credentials: base, at: clock.now(), keys: SigningKeyCache())
    return try await call(signed.request, source: source)
  }

  private func request(_ form: [QueryItem]) throws(AWSError) -> HTTPRequest {
    var body: [UInt8] = []
    CanonicalRequest.append(form, to: &body)
    let address = try ServiceAddress(
      endpoint ?? "https://sts.\(region).\(Partition.suffix(of: region))",
      setting: "AWS_ENDPOINT_URL_STS")
    return HTTPRequest(
      method: "POST", scheme: address.scheme, host: address.host,
      path: address.basePath.isEmpty ? "/" : address.basePath,
      headers: [HeaderField("content-type", "application/x-www-form-urlencoded; charset=utf-8")],
      body: body, payloadHash: SHA256.hash(body).hex)
  }

  private func call(_ request: HTTPRequest, source: String) async throws(AWSError) -> Credentials {
    var request = request
    if !request.headers.contains(where: { $0.name == "host" }) {
      request.headers.append(HeaderField("host", request.host))
    }
    let answer: HTTPResponse
    do throws(TransportError) {
      answer = try await transport.send(request, bodyLimit: 1 << 20, timeout: .seconds(10))
    } catch {
      throw .transport(error, host: request.host)
    }
    let body = answer.body
    guard answer.status == 200 else {
      let error = ServiceError(status: answer.status, headers: answer.headers, body: body)
      throw .source(
        source, "STS answered \(error.code): \(error.message.prefix(200))",
        remedy: "check the role's trust policy, its name and the token's audience")
    }
    let found = XMLReader.texts(
      in: body, named: ["AccessKeyId", "SecretAccessKey", "SessionToken", "Expiration"])
    guard let id = found["AccessKeyId"], let secret = found["SecretAccessKey"],
      let token = found["SessionToken"]
    else { throw .malformed("STS gave no credentials") }
    return Credentials(
      accessKeyID: id, secretAccessKey: secret, sessionToken: token,
      expiration: found["Expiration"].flatMap { Timestamp(iso8601: $0) }, source: source)
  }
}

extension String {
  var trimmingWhitespace: String {
    var text = self[...]
    while let first = text.first, first.isWhitespace { text.removeFirst() }
    while let last = text.last, last.isWhitespace { text.removeLast() }
    return String(text)
  }
}
