import Diagnostics
import Time

/// The order of AWS's SDKs (sdkref "Standardized credential providers"): environment, web identity,
/// profile, container, instance.
package enum CredentialChain {
  /// The providers for this environment.
  package static func standard(
    environment: AWSEnvironment, profile: String? = nil, transport: any HTTPTransport,
    clock: any TimeSource, region: String
  ) -> [any CredentialProvider] {
    let sts = SecurityTokenService(
      transport: transport, clock: clock, region: region,
      endpoint: environment["AWS_ENDPOINT_URL_STS"] ?? environment["AWS_ENDPOINT_URL"])
    let metadata = MetadataCredentials(
      environment: environment, transport: transport, clock: clock)
    return [
      EnvironmentCredentials(environment: environment),
      WebIdentityCredentials(environment: environment, sts: sts),
      ProfileCredentials(environment: environment, profile: profile, sts: sts, metadata: metadata),
      ContainerCredentials(metadata: metadata),
      InstanceCredentials(metadata: metadata),
    ]
  }
}

extension Diagnostic {
  static let noneFound = Diagnostic(
    .noCredentials,
    "there are no AWS credentials: none in the environment, a profile, a container or an instance",
    remedy: "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE, or sign in first")

  static func brokenSource(_ source: String, _ why: String, remedy: String) -> Diagnostic {
    Diagnostic(.credentialSourceBroken, "\(source): \(why)", remedy: remedy)
  }
}

extension AWSError {
  static func source(_ source: String, _ why: String, remedy: String) -> AWSError {
    .configuration(.brokenSource(source, why, remedy: remedy))
  }
}

/// `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY` and, if given, `AWS_SESSION_TOKEN`.
struct EnvironmentCredentials: CredentialProvider {
  let environment: AWSEnvironment

  func credentials() throws(AWSError) -> Credentials? {
    guard let id = environment["AWS_ACCESS_KEY_ID"] else { return nil }
    guard let secret = environment["AWS_SECRET_ACCESS_KEY"] else {
      throw .source(
        "the environment", "AWS_ACCESS_KEY_ID is set but AWS_SECRET_ACCESS_KEY is not",
        remedy: "set both or neither")
    }
    return Credentials(
      accessKeyID: id, secretAccessKey: secret, sessionToken: environment["AWS_SESSION_TOKEN"],
      source: "the environment")
  }
}

/// `AWS_ROLE_ARN` with `AWS_WEB_IDENTITY_TOKEN_FILE`, as in Kubernetes and CI.
struct WebIdentityCredentials: CredentialProvider {
  let environment: AWSEnvironment
  let sts: SecurityTokenService

  func credentials() async throws(AWSError) -> Credentials? {
    guard let role = environment["AWS_ROLE_ARN"],
      let file = environment["AWS_WEB_IDENTITY_TOKEN_FILE"]
    else { return nil }
    return try await sts.assumeRole(
      role, webIdentityFile: file, session: environment["AWS_ROLE_SESSION_NAME"],
      environment: environment)
  }
}
