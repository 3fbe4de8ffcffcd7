import AWS
import Cryptography
import SiteBundle
import Synchronization
import Time

@testable import Sync

/// One bucket and one edge in memory, behind the transport: what a sync asks of S3 and CloudFront.
final class FakeS3: HTTPTransport {
  struct Object: Sendable, Equatable {
    var body: [UInt8]
    var contentType: String
    var cacheControl: String
    var checksum: String?
    var eTag: String
  }

  struct State: Sendable {
    var objects: [String: Object] = [:]
    var log: [String] = []
    var references: [String] = []
    var invalidated: [[String]] = []
    var writes = 0
    /// Says with which status a request is refused instead.
    var refuse: (@Sendable (_ method: String, _ key: String) -> Int?)?
    /// Runs before a PUT of that key takes place.
    var beforePut: (key: String, run: @Sendable (inout [String: Object]) -> Void)?
    var inFlight = 0
    var mostInFlight = 0
  }

  let state = Mutex(State())

  func send(
    _ request: HTTPRequest, bodyLimit: Int, timeout: Duration
  ) async throws(TransportError) -> HTTPResponse {
    state.withLock { state in
      state.inFlight += 1
      state.mostInFlight = max(state.mostInFlight, state.inFlight)
    }
    await Task.yield()
    defer { state.withLock { $0.inFlight -= 1 } }
    return state.withLock { $0.answer(request) }
  }

  var log: [String] { state.withLock { $0.log } }
  var objects: [String: Object] { state.withLock { $0.objects } }
  var puts: [String] { log.filter { $0.hasPrefix("PUT ") }.map { String($0.dropFirst(4)) } }

  func forget() {
    state.withLock { state in
      state.log = []
      state.invalidated = []
    }
  }
}

extension FakeS3.State {
  fileprivate mutating func answer(_ request: HTTPRequest) -> HTTPResponse {
    if request.path.contains("/invalidation") { return invalidate(request) }
    let key = PercentEncoding.decode(String(request.path.dropFirst("/site/".count)))
    log.append("\(request.method) \(key)")
    if let status = refuse?(request.method, key) { return HTTPResponse(status: status) }
    switch request.method {
    case "PUT": return put(key, request)
    case "HEAD": return head(key)
    default: return key.isEmpty ? list(request) : get(key)
    }
  }

  private mutating func put(_ key: String, _ request: HTTPRequest) -> HTTPResponse {
    func field(_ name: String) -> String? { request.headers.first { $0.name == name }?.value }
    if let before = beforePut, before.key == key {
      beforePut = nil
      before.run(&objects)
    }
    if field("if-none-match") == "*", objects[key] != nil { return HTTPResponse(status: 412) }
    if let tag = field("if-match"), tag != objects[key].map({ "\"\($0.eTag)\"" }) {
      return HTTPResponse(status: 412)
    }
    writes += 1
    objects[key] = FakeS3.Object(
      body: request.body, contentType: field("content-type") ?? "",
      cacheControl: field("cache-control") ?? "", checksum: field("x-amz-checksum-sha256"),
      eTag: "opaque-\(writes)")
    return HTTPResponse(status: 200, headers: [HeaderField("ETag", "\"opaque-\(writes)\"")])
  }

  private func head(_ key: String) -> HTTPResponse {
    guard let object = objects[key] else { return HTTPResponse(status: 404) }
    var headers = [
      HeaderField("Content-Length", String(object.body.count)),
      HeaderField("ETag", "\"\(object.eTag)\""), HeaderField("Content-Type", object.contentType),
      HeaderField("Cache-Control", object.cacheControl),
    ]
    if let checksum = object.checksum {
      headers.append(HeaderField("x-amz-checksum-sha256", checksum))
    }
    return HTTPResponse(status: 200, headers: headers)
  }

  private func get(_ key: String) -> HTTPResponse {
    guard let object = objects[key] else {
      return HTTPResponse(status: 404, body: Array("<Error><Code>NoSuchKey</Code></Error>".utf8))
    }
    return HTTPResponse(
      status: 200, headers: [HeaderField("ETag", "\"\(object.eTag)\"")], body: object.body)
  }

  /// Pages of seven, so that every test of size passes through several.
  private func list(_ request: HTTPRequest) -> HTTPResponse {
    func item(_ name: String) -> String? { request.query.first { $0.name == name }?.value }
    let prefix = item("prefix") ?? ""
    let after = item("continuation-token") ?? ""
    let keys = objects.keys.filter { $0.hasPrefix(prefix) && $0 > after }.sorted()
    let page = keys.prefix(7)
    let entries = page.map { key in
      "<Contents><Key>\(PercentEncoding.encode(key, keepingSlash: true))</Key>"
        + "<Size>\(objects[key]?.body.count ?? 0)</Size>"
        + "<ETag>&quot;\(objects[key]?.eTag ?? "")&quot;</ETag></Contents>"
    }
    let more = page.count < keys.count
    let next = more ? "<NextContinuationToken>\(page.last ?? "")</NextContinuationToken>" : ""
    return HTTPResponse(
      status: 200,
      body: Array(
        ("<ListBucketResult><EncodingType>url</EncodingType><IsTruncated>\(more)</IsTruncated>"
          + entries.joined() + next + "</ListBucketResult>").utf8))
  }

  private mutating func invalidate(_ request: HTTPRequest) -> HTTPResponse {
    log.append("INVALIDATE")
    if let status = refuse?("POST", "invalidation") { return HTTPResponse(status: status) }
    let text = String(decoding: request.body, as: UTF8.self)
    invalidated.append(
      text.matches(of: /<Path>(.*?)<\/Path>/).map { String($0.output.1) })
    references += text.matches(of: /<CallerReference>(.*?)</).map { String($0.output.1) }
    return HTTPResponse(
      status: 201, body: Array("<Invalidation><Id>I\(invalidated.count)</Id></Invalidation>".utf8))
  }
}
