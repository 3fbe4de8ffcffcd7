import Diagnostics

/// Where a bucket answers: AWS by region, or any S3 by its address.
package struct S3Endpoint: Sendable, Hashable {
  /// How the bucket enters the address.
  package enum Addressing: String, Sendable, Hashable, CaseIterable {
    /// Virtual host on AWS, path elsewhere and for names with dots, which no wildcard certificate
    /// covers.
    case auto
    case path
    case virtual
  }

  /// The bucket's name.
  package let bucket: String
  private let custom: ServiceAddress?
  private let addressing: Addressing

  /// - Parameter url: nil for AWS.
  package init(bucket: String, url: String?, addressing: Addressing = .auto) throws(AWSError) {
    guard Self.isName(bucket) else {
      throw .configuration(
        Diagnostic(
          .endpointInvalid, "'\(bucket)' is not a name of a bucket",
          remedy:
            "a name has 3 to 63 letters, digits, dots and hyphens; set sync.bucket or --bucket"))
    }
    self.bucket = bucket
    if let url {
      custom = try ServiceAddress(url, setting: "sync.endpoint_url")
    } else {
      custom = nil
    }
    self.addressing = addressing
  }

  /// The name is part of a host or a path, so its characters are few; older stores allow `_` and
  /// capital letters.
  private static func isName(_ bucket: String) -> Bool {
    (3...255).contains(bucket.utf8.count) && !bucket.hasPrefix(".") && !bucket.contains("..")
      && bucket.utf8.allSatisfy { PercentEncoding.isUnreserved($0) && $0 != UInt8(ascii: "~") }
  }

  private var usesPath: Bool {
    switch addressing {
    case .path: true
    case .virtual: false
    case .auto: custom != nil || bucket.contains(".")
    }
  }

  /// The endpoint as a person would write it.
  package func description(region: String) -> String {
    if let custom { return "\(custom.scheme)://\(custom.host)\(custom.basePath)" }
    return "S3 in \(region)"
  }

  /// A request for a key, or for the bucket itself when the key is empty.
  func request(_ method: String, key: String, region: String) -> HTTPRequest {
    let scheme = custom?.scheme ?? "https"
    let service = custom?.host ?? "s3.\(region).\(Partition.suffix(of: region))"
    var path = Array((custom?.basePath ?? "").utf8)
    path.append(UInt8(ascii: "/"))
    if usesPath {
      path.append(contentsOf: bucket.utf8)
      if !key.isEmpty { path.append(UInt8(ascii: "/")) }
    }
    PercentEncoding.append(key, keepingSlash: true, to: &path)
    return HTTPRequest(
      method: method, scheme: scheme, host: usesPath ? service : "\(bucket).\(service)",
      path: String(decoding: path, as: UTF8.self))
  }
}
