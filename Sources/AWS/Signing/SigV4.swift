import Cryptography
import Time

/// AWS Signature Version 4 for one service in one region, in the header and in the query form.
package struct SigV4: Sendable, Hashable {
  /// How the path enters the canonical request.
  package enum PathRule: Sendable, Hashable {
    /// S3: exactly as sent, since `//`, `.` and `..` are bytes of a key.
    case asSent
    /// Every other service: the sent path is encoded once more, normally after dot segments went.
    case encodedAgain(normalized: Bool)
  }

  /// Where the session token goes.
  package enum TokenPlacement: Sendable, Hashable {
    case signed
    case afterSigning
  }

  /// Region of the scope; `us-east-1` for global services.
  package var region: String
  /// Service of the scope, such as `s3`.
  package var service: String
  /// How the path is signed.
  package var pathRule: PathRule
  /// Whether the session token is part of what is signed.
  package var tokenPlacement: TokenPlacement

  package init(
    region: String, service: String, pathRule: PathRule? = nil,
    tokenPlacement: TokenPlacement = .signed
  ) {
    self.region = region
    self.service = service
    self.pathRule = pathRule ?? (service == "s3" ? .asSent : .encodedAgain(normalized: true))
    self.tokenPlacement = tokenPlacement
  }

  /// What signing made, with its steps, so that a refusal can be compared with the server's own.
  package struct Signed: Sendable {
    /// The request as it goes on the wire.
    package var request: HTTPRequest
    /// First step.
    package var canonicalRequest: String
    /// Second step.
    package var stringToSign: String
    /// Lower-case hexadecimal.
    package var signature: String
  }

  /// Signs into the `Authorization` field.
  package func signHeader(
    _ request: HTTPRequest, credentials: Credentials, at now: Timestamp, keys: SigningKeyCache
  ) -> Signed {
    let stamp = Stamp(now)
    var request = request
    request.headers.append(HeaderField("host", request.host))
    request.headers.append(HeaderField("x-amz-date", stamp.dateTime))
    if tokenPlacement == .signed { addTokenHeader(credentials, to: &request) }
    let canonical = CanonicalRequest(
      method: request.method, path: request.path, query: request.query, headers: request.headers,
      payloadHash: request.payloadHash, pathRule: pathRule)
    let text = stringToSign(canonical, stamp)
    let signature = keys.signature(
      of: text, signer: self, day: stamp.date, credentials: credentials)
    if tokenPlacement == .afterSigning { addTokenHeader(credentials, to: &request) }
    request.headers.append(
      HeaderField(
        "authorization",
        "\(Self.algorithm) Credential=\(credentials.accessKeyID)/\(scope(stamp)), "
          + "SignedHeaders=\(canonical.signedHeaders), Signature=\(signature)"))
    return Signed(
      request: request, canonicalRequest: String(decoding: canonical.bytes, as: UTF8.self),
      stringToSign: String(decoding: text, as: UTF8.self), signature: signature)
  }

  /// Signs into the query, for an address that somebody else opens.
  package func signQuery(
    _ request: HTTPRequest, credentials: Credentials, at now: Timestamp, expiresInSeconds: Int,
    keys: SigningKeyCache
  ) -> Signed {
    let stamp = Stamp(now)
    var request = request
    request.headers.append(HeaderField("host", request.host))
    let names = Set(request.headers.map { $0.name.lowercased() }).sorted()
    request.query += [
      QueryItem("X-Amz-Algorithm", Self.algorithm),
      QueryItem("X-Amz-Credential", "\(credentials.accessKeyID)/\(scope(stamp))"),
      QueryItem("X-Amz-Date", stamp.dateTime),
      QueryItem("X-Amz-Expires", String(expiresInSeconds)),
      QueryItem("X-Amz-SignedHeaders", names.joined(separator: ";")),
    ]
    let token = credentials.sessionToken.map { QueryItem("X-Amz-Security-Token", $0) }
    if let token, tokenPlacement == .signed { request.query.append(token) }
    let canonical = CanonicalRequest(
      method: request.method, path: request.path, query: request.query, headers: request.headers,
      payloadHash: request.payloadHash, pathRule: pathRule)
    let text = stringToSign(canonical, stamp)
    let signature = keys.signature(
      of: text, signer: self, day: stamp.date, credentials: credentials)
    if let token, tokenPlacement == .afterSigning { request.query.append(token) }
    request.query.append(QueryItem("X-Amz-Signature", signature))
    return Signed(
      request: request, canonicalRequest: String(decoding: canonical.bytes, as: UTF8.self),
      stringToSign: String(decoding: text, as: UTF8.self), signature: signature)
  }

  private static let algorithm = "AWS4-HMAC-SHA256"

  private func addTokenHeader(_ credentials: Credentials, to request: inout HTTPRequest) {
    guard let token = credentials.sessionToken else { return }
    request.headers.append(HeaderField("x-amz-security-token", token))
  }

  private func scope(_ stamp: Stamp) -> String {
    "\(stamp.date)/\(region)/\(service)/aws4_request"
  }

  private func stringToSign(_ canonical: CanonicalRequest, _ stamp: Stamp) -> [UInt8] {
    let digest = SHA256.hash(canonical.bytes).hex
    return Array("\(Self.algorithm)\n\(stamp.dateTime)\n\(scope(stamp))\n\(digest)".utf8)
  }
}

/// Both dates of a request, from one reading of the clock.
private struct Stamp {
  let date: String
  let dateTime: String

  init(_ now: Timestamp) {
    let civil = CivilTime(now)
    func two(_ value: Int) -> String { value < 10 ? "0\(value)" : "\(value)" }
    date = "\(civil.year)\(two(civil.month))\(two(civil.day))"
    dateTime = "\(date)T\(two(civil.hour))\(two(civil.minute))\(two(civil.second))Z"
  }
}
