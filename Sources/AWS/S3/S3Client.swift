import Cryptography
import Diagnostics
import Time

/// What an object is stored with.
package struct ObjectHeaders: Sendable, Hashable {
  package var contentType: String
  package var cacheControl: String

  package init(contentType: String, cacheControl: String) {
    self.contentType = contentType
    self.cacheControl = cacheControl
  }
}

/// An object that was fetched.
package struct StoredObject: Sendable {
  package var body: [UInt8]
  /// Entity tag without quotes.
  package var eTag: String
}

/// What HEAD says about an object.
package struct ObjectHead: Sendable, Hashable {
  package var bytes: Int
  package var eTag: String
  package var headers: ObjectHeaders
  /// Base64 of the SHA-256 that was given on upload; nil when the service keeps none.
  package var checksum: String?
}

/// When a PUT may take place.
package enum WriteCondition: Sendable, Hashable {
  case always
  /// Only if there is no object of that key (`If-None-Match: *`).
  case absent
  /// Only if the object still is the one with that tag (`If-Match`).
  case matches(eTag: String)
}

/// One bucket of S3, or of a service that speaks as S3 does.
package final class S3Client: Sendable {
  /// Whether uploads carry `x-amz-checksum-sha256`, which old servers refuse.
  package enum Checksum: String, Sendable, Hashable, CaseIterable {
    case sha256
    case none
  }

  private let endpoint: S3Endpoint
  private let connection: ServiceConnection
  private let checksum: Checksum

  /// Keys that a listing may have; beyond it the listing is refused rather than held.
  private static let listLimit = 1_000_000
  private static let pageBodyLimit = 8 << 20

  package init(
    endpoint: S3Endpoint, connection: ServiceConnection, checksum: Checksum = .sha256
  ) {
    self.endpoint = endpoint
    self.connection = connection
    self.checksum = checksum
  }

  /// What was noticed on the way.
  package var notes: [Diagnostic] { connection.notes }

  /// Stores an object.
  ///
  /// - Parameter sha256: of the body; it is signed, and kept by the service as the checksum.
  /// - Returns: the entity tag that the service gave.
  package func put(
    _ key: String, body: [UInt8], sha256: Digest, headers: ObjectHeaders,
    condition: WriteCondition = .always
  ) async throws(AWSError) -> String {
    let answer = try await connection.send { region throws(AWSError) in
      var request = endpoint.request("PUT", key: key, region: region)
      request.body = body
      request.payloadHash = sha256.hex
      request.headers = [
        HeaderField("content-type", headers.contentType),
        HeaderField("x-amz-content-sha256", request.payloadHash),
      ]
      if !headers.cacheControl.isEmpty {
        request.headers.append(HeaderField("cache-control", headers.cacheControl))
      }
      if checksum == .sha256 {
        request.headers.append(HeaderField("x-amz-checksum-sha256", sha256.base64))
      }
      switch condition {
      case .always: break
      case .absent: request.headers.append(HeaderField("if-none-match", "*"))
      case .matches(let tag): request.headers.append(HeaderField("if-match", "\"\(tag)\""))
      }
      return request
    }
    guard let tag = answer.header("etag") else {
      throw .malformed("the answer to the PUT of '\(key)' has no ETag")
    }
    return EntityTag.bare(tag)
  }

  /// Fetches an object whole, or nil when there is none.
  package func get(_ key: String, limit: Int) async throws(AWSError) -> StoredObject? {
    do throws(AWSError) {
      let answer = try await connection.send(bodyLimit: limit) { region throws(AWSError) in
        emptyRequest("GET", key: key, region: region)
      }
      return StoredObject(
        body: answer.body,
        eTag: EntityTag.bare(answer.header("etag") ?? ""))
    } catch {
      if error.serviceCode == "NoSuchKey" || error.serviceCode == "NotFound" { return nil }
      throw error
    }
  }

  /// What an object is stored with, or nil when there is none.
  package func head(_ key: String) async throws(AWSError) -> ObjectHead? {
    do throws(AWSError) {
      let answer = try await connection.send { region throws(AWSError) in
        var request = emptyRequest("HEAD", key: key, region: region)
        request.headers.append(HeaderField("x-amz-checksum-mode", "ENABLED"))
        return request
      }
      return ObjectHead(
        bytes: answer.header("content-length").flatMap { Int($0) } ?? -1,
        eTag: EntityTag.bare(answer.header("etag") ?? ""),
        headers: ObjectHeaders(
          contentType: answer.header("content-type") ?? "",
          cacheControl: answer.header("cache-control") ?? ""),
        checksum: answer.header("x-amz-checksum-sha256"))
    } catch {
      if error.serviceCode == "NotFound" { return nil }
      throw error
    }
  }

  /// Everything below a prefix, page by page.
  package func list(prefix: String) async throws(AWSError) -> [ListedObject] {
    var objects: [ListedObject] = []
    var token: String?
    repeat {
      let current = token
      let answer = try await connection.send(bodyLimit: Self.pageBodyLimit) {
        region throws(AWSError) in
        var request = emptyRequest("GET", key: "", region: region)
        request.query = [
          QueryItem("list-type", "2"), QueryItem("encoding-type", "url"),
          QueryItem("max-keys", "1000"),
        ]
        if !prefix.isEmpty { request.query.append(QueryItem("prefix", prefix)) }
        if let current { request.query.append(QueryItem("continuation-token", current)) }
        return request
      }
      let page = try ListPage(xml: answer.body)
      objects += page.objects
      if page.nextToken == token, token != nil { throw .malformed("the listing does not advance") }
      token = page.nextToken
      if objects.count > Self.listLimit {
        throw .malformed("the listing has more than \(Self.listLimit) keys")
      }
    } while token != nil
    return objects
  }

  private func emptyRequest(_ method: String, key: String, region: String) -> HTTPRequest {
    var request = endpoint.request(method, key: key, region: region)
    request.headers = [HeaderField("x-amz-content-sha256", HTTPRequest.emptyHash)]
    return request
  }
}
