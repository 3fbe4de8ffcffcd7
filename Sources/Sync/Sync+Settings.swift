import AWS
import Diagnostics
import Settings

/// The section `sync` of `portico.yaml`.
package struct SyncSettings: Sendable, Hashable {
  /// Bucket; nil until `--bucket` or the settings name one.
  package var bucket: String?
  /// Prefix below which the site lies: empty, or with a slash at its end.
  package var prefix = ""
  /// CloudFront distribution; nil for a bucket that is served otherwise.
  package var distributionID: String?
  /// Region; nil takes AWS_REGION, the profile's, or us-east-1, and follows the bucket anyway.
  package var region: String?
  /// Endpoint of another S3; nil for AWS.
  package var endpointURL: String?
  /// Endpoint of CloudFront's API; nil for AWS.
  package var cloudFrontEndpointURL: String?
  /// How the bucket enters the address.
  package var addressing = S3Endpoint.Addressing.auto
  /// Whether uploads carry a checksum for the service to verify and keep.
  package var checksum = S3Client.Checksum.sha256
  /// Requests in flight: beyond 16 to 32 the service or the line is the bound (spec/sync.md §4).
  package var connections = 16
  /// Times that a request is sent at most.
  package var attempts = 8
  /// For one try of a small request.
  package var requestTimeoutMS = 30_000
  /// For TCP and TLS together.
  package var connectTimeoutMS = 5_000
  /// Paths in one invalidation before folders are invalidated whole.
  package var invalidationPaths = 30
  /// Paths with `*` in one invalidation; CloudFront allows 15 in progress.
  package var invalidationWildcards = 15

  package init() {}

  /// Reads the section; findings go to the reader.
  package init(_ reader: SettingsReader) {
    bucket = reader.optionalString("bucket")
    distributionID = reader.optionalString("distribution_id")
    region = reader.optionalString("region")
    endpointURL = reader.optionalString("endpoint_url")
    cloudFrontEndpointURL = reader.optionalString("cloudfront_endpoint_url")
    addressing = reader.choice("addressing", default: addressing)
    checksum = reader.choice("checksum", default: checksum)
    connections = reader.int("connections", default: connections, in: 1...256)
    attempts = reader.int("attempts", default: attempts, in: 1...20)
    requestTimeoutMS = reader.int(
      "request_timeout_ms", default: requestTimeoutMS, in: 1_000...600_000)
    connectTimeoutMS = reader.int("connect_timeout_ms", default: connectTimeoutMS, in: 100...60_000)
    invalidationPaths = reader.int("invalidation_paths", default: invalidationPaths, in: 1...3_000)
    invalidationWildcards = reader.int(
      "invalidation_wildcards", default: invalidationWildcards, in: 1...15)
    let given = reader.string("prefix", default: "")
    if let normalized = Self.normalize(prefix: given) {
      prefix = normalized
    } else {
      reader.note(
        .prefixInvalid, "'\(given)' cannot be a prefix of keys", key: "prefix",
        remedy: "write folders separated by single slashes, such as sites/trading")
    }
  }

  /// A prefix with its slash at the end, or nil when it cannot be one.
  static func normalize(prefix: String) -> String? {
    var segments = prefix.split(separator: "/", omittingEmptySubsequences: false)
    if segments.first == "" { segments.removeFirst() }
    if segments.last == "" { segments.removeLast() }
    if segments.isEmpty { return "" }
    let isValid = segments.allSatisfy { segment in
      !segment.isEmpty && segment != "." && segment != ".."
        && !segment.utf8.contains { $0 < 0x20 || $0 == 0x7F || $0 == UInt8(ascii: "\\") }
    }
    return isValid ? segments.joined(separator: "/") + "/" : nil
  }
}
