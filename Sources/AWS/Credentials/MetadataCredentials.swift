import JSON
import Time

/// What containers and instances are told about themselves over link-local HTTP.
struct MetadataCredentials: Sendable {
  let environment: AWSEnvironment
  let transport: any HTTPTransport
  let clock: any TimeSource

  /// Off an instance the address leads nowhere, so nobody waits long for it.
  private static let patience: Duration = .seconds(1)
  private static let bodyLimit = 64 << 10

  func get(
    _ address: ServiceAddress, path: String, method: String = "GET", headers: [HeaderField] = []
  ) async throws(TransportError) -> HTTPResponse {
    let request = HTTPRequest(
      method: method, scheme: address.scheme, host: address.host, path: address.basePath + path,
      headers: [HeaderField("host", address.host)] + headers)
    return try await transport.send(
      request, bodyLimit: Self.bodyLimit, timeout: Self.patience)
  }

  func credentials(from response: HTTPResponse, source: String) throws(AWSError) -> Credentials {
    guard response.status == 200,
      let json = try? JSON(parsing: response.body),
      let id = json["AccessKeyId"]?.string, let secret = json["SecretAccessKey"]?.string
    else {
      throw .source(
        source, "it answered HTTP \(response.status) without credentials",
        remedy: "check that a role is attached and allowed")
    }
    return Credentials(
      accessKeyID: id, secretAccessKey: secret, sessionToken: json["Token"]?.string,
      expiration: (json["Expiration"]?.string).flatMap { Timestamp(iso8601: $0) }, source: source)
  }
}

/// `AWS_CONTAINER_CREDENTIALS_RELATIVE_URI` or `_FULL_URI`, as in ECS, EKS and Lambda's kin.
struct ContainerCredentials: CredentialProvider {
  let metadata: MetadataCredentials

  func credentials() async throws(AWSError) -> Credentials? {
    let environment = metadata.environment
    let source = "the container's role"
    let url: String
    if let path = environment["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"] {
      url = "http://169.254.170.2\(path.hasPrefix("/") ? "" : "/")\(path)"
    } else if let full = environment["AWS_CONTAINER_CREDENTIALS_FULL_URI"] {
      url = full
    } else {
      return nil
    }
    let address = try ServiceAddress(url, setting: "AWS_CONTAINER_CREDENTIALS_FULL_URI")
    guard address.scheme == "https" || Self.isLocal(address.hostName) else {
      throw .source(
        source, "\(address.hostName) is neither https nor local",
        remedy: "correct AWS_CONTAINER_CREDENTIALS_FULL_URI")
    }
    var headers: [HeaderField] = []
    if let token = try authorization(environment, source) {
      headers.append(HeaderField("authorization", token))
    }
    let answer: HTTPResponse
    do throws(TransportError) {
      answer = try await metadata.get(address, path: "", headers: headers)
    } catch {
      throw .transport(error, host: address.host)
    }
    return try metadata.credentials(from: answer, source: source)
  }

  private func authorization(
    _ environment: AWSEnvironment, _ source: String
  ) throws(AWSError) -> String? {
    guard let file = environment["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"] else {
      return environment["AWS_CONTAINER_AUTHORIZATION_TOKEN"]
    }
    guard let token = environment.text(of: file)?.trimmingWhitespace,
      !token.unicodeScalars.contains(where: { $0.value < 0x20 })
    else {
      throw .source(source, "the token file '\(file)' cannot be read", remedy: "check its mode")
    }
    return token
  }

  /// The hosts that AWS's SDKs allow over plain HTTP: ECS, EKS and the loopback.
  private static func isLocal(_ host: String) -> Bool {
    ["169.254.170.2", "169.254.170.23", "[fd00:ec2::23]", "localhost", "127.0.0.1", "[::1]"]
      .contains(host)
  }
}

/// An instance's role by IMDSv2: a token first, then the role's name, then its credentials.
struct InstanceCredentials: CredentialProvider {
  let metadata: MetadataCredentials

  func credentials() async throws(AWSError) -> Credentials? {
    let environment = metadata.environment
    if environment["AWS_EC2_METADATA_DISABLED"]?.lowercased() == "true" { return nil }
    let address = try ServiceAddress(
      environment["AWS_EC2_METADATA_SERVICE_ENDPOINT"] ?? "http://169.254.169.254",
      setting: "AWS_EC2_METADATA_SERVICE_ENDPOINT")
    let found: (role: String, answer: HTTPResponse)?
    do throws(TransportError) {
      found = try await document(at: address)
    } catch {
      // Not on an instance: the address answers nobody.
      return nil
    }
    guard let (role, answer) = found else { return nil }
    return try metadata.credentials(from: answer, source: "the instance's role '\(role)'")
  }

  private func document(
    at address: ServiceAddress
  ) async throws(TransportError) -> (role: String, answer: HTTPResponse)? {
    let token = try await metadata.get(
      address, path: "/latest/api/token", method: "PUT",
      headers: [HeaderField("x-aws-ec2-metadata-token-ttl-seconds", "21600")])
    guard token.status == 200 else { return nil }
    let proof = [
      HeaderField("x-aws-ec2-metadata-token", token.text.trimmingWhitespace)
    ]
    let base = "/latest/meta-data/iam/security-credentials/"
    let list = try await metadata.get(address, path: base, headers: proof)
    guard list.status == 200,
      let role = list.text.split(whereSeparator: \.isNewline).first.map(String.init)
    else { return nil }
    let path = base + PercentEncoding.encode(role)
    return (role, try await metadata.get(address, path: path, headers: proof))
  }
}
