import JSON

/// A key set document as it was fetched.
package struct FetchedKeys: Sendable {
  /// Bytes of a document beyond which it is refused (API Gateway's bound).
  package static let bytesMost = 150_000

  package var document: JSON
  /// Seconds that the issuer's `Cache-Control` allows; nil when it does not say.
  package var maxAgeSeconds: Int?

  package init(document: JSON, maxAgeSeconds: Int? = nil) {
    self.document = document
    self.maxAgeSeconds = maxAgeSeconds
  }

  /// Reads an answer's body and its `Cache-Control` field.
  package init(body: [UInt8], cacheControl: String? = nil) throws(JSONSyntaxError) {
    let limits = JSON.Limits(depth: 8, bytes: Self.bytesMost)
    document = try JSON(parsing: body, limits: limits)
    maxAgeSeconds = cacheControl.flatMap(Self.maxAge)
  }

  /// The directive `max-age`; `no-store` and `no-cache` count as 0 (RFC 9111 §5.2.2).
  static func maxAge(_ field: String) -> Int? {
    var found: Int?
    for part in field.lowercased().split(separator: ",") {
      let directive = part.drop { $0 == " " || $0 == "\t" }
      if directive.hasPrefix("no-store") || directive.hasPrefix("no-cache") { return 0 }
      if directive.hasPrefix("max-age=") {
        let digits = directive.dropFirst(8).drop { $0 == "\"" }.prefix { $0.isASCII && $0.isNumber }
        found = Int(digits)
      }
    }
    return found
  }
}
