import AWS
import Diagnostics
import SiteBundle
import Time

/// Settings and environment bound to a bucket and an edge: everything a sync needs but the bundle.
package struct SyncConnection: Sendable {
  /// The sync itself.
  package let syncer: Syncer
  /// The store as a person would write it.
  package let endpoint: String
  /// The bucket.
  package let bucket: String
  private let credentials: CredentialCache

  /// - Parameters:
  ///   - settings: those of the file, the environment and the flags.
  ///   - environment: AWS's own variables and files.
  package init(
    settings: SyncSettings, bundle: BundleFolder, environment: AWSEnvironment,
    transport: any HTTPTransport, clock: any TimeSource
  ) throws(Diagnostic) {
    guard let bucket = settings.bucket, !bucket.isEmpty else {
      throw Diagnostic(
        .bucketUnnamed, "no bucket is named",
        remedy: "set sync.bucket in portico.yaml, or give --bucket NAME")
    }
    self.bucket = bucket
    let region = Self.region(settings, environment)
    credentials = CredentialCache(
      providers: CredentialChain.standard(
        environment: environment, transport: transport, clock: clock, region: region),
      clock: clock)
    let parts = Parts(
      settings: settings, environment: environment, transport: transport, clock: clock,
      credentials: credentials)
    do throws(AWSError) {
      let address = try S3Endpoint(
        bucket: bucket, url: settings.endpointURL ?? environment.endpointURL(of: "S3"),
        addressing: settings.addressing)
      endpoint = address.description(region: region)
      syncer = Syncer(
        folder: bundle,
        store: S3Client(
          endpoint: address, connection: parts.connection(to: "s3", region: region),
          checksum: settings.checksum),
        edge: try parts.edge(),
        target: SyncTarget(
          prefix: settings.prefix, distribution: settings.distributionID,
          invalidation: .init(
            paths: settings.invalidationPaths, wildcards: settings.invalidationWildcards),
          connections: settings.connections),
        endpoint: "'\(bucket)' at \(endpoint)", clock: clock)
    } catch {
      throw error.diagnostic(while: "begin", endpoint: "the endpoint")
    }
  }

  /// Asks the credential chain and says who gave; the values stay where they are.
  package func credentialSource() async throws(Diagnostic) -> String {
    do throws(AWSError) {
      return try await credentials.current().source
    } catch {
      throw error.diagnostic(while: "sign in", endpoint: endpoint)
    }
  }

  private static func region(_ settings: SyncSettings, _ environment: AWSEnvironment) -> String {
    settings.region ?? environment["AWS_REGION"] ?? environment["AWS_DEFAULT_REGION"]
      ?? ProfileFiles(environment: environment).region(of: environment["AWS_PROFILE"] ?? "default")
      ?? "us-east-1"
  }
}

/// What both services are connected with.
private struct Parts {
  let settings: SyncSettings
  let environment: AWSEnvironment
  let transport: any HTTPTransport
  let clock: any TimeSource
  let credentials: CredentialCache

  func connection(to service: String, region: String) -> ServiceConnection {
    ServiceConnection(
      service: service, region: region, credentials: credentials, transport: transport,
      policy: RetryPolicy(attempts: settings.attempts),
      timeout: .milliseconds(settings.requestTimeoutMS), clock: clock)
  }

  func edge() throws(AWSError) -> CloudFrontClient? {
    guard settings.distributionID != nil else { return nil }
    return try CloudFrontClient(
      url: settings.cloudFrontEndpointURL ?? environment.endpointURL(of: "CLOUDFRONT"),
      connection: connection(to: "cloudfront", region: CloudFrontClient.region))
  }
}

extension AWSEnvironment {
  /// AWS's own variables for endpoints: the service's, then the one for all.
  fileprivate func endpointURL(of service: String) -> String? {
    self["AWS_ENDPOINT_URL_\(service)"] ?? self["AWS_ENDPOINT_URL"]
  }
}
