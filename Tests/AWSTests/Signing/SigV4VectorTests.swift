import Foundation
import JSON
import Testing
import Time

@testable import AWS

/// awslabs/aws-c-auth's signing suite: every case in the header and in the query form.
private let suite: [String] = {
  let root = SigV4VectorTests.folder
  let names = (try? FileManager.default.contentsOfDirectory(atPath: root)) ?? []
  return names.filter { FileManager.default.fileExists(atPath: "\(root)/\($0)/context.json") }
    .sorted()
}()

@Suite(
  "SigV4 vectors of aws-c-auth", .enabled(if: !suite.isEmpty, "../shared/vectors/sigv4 is absent"))
struct SigV4VectorTests {
  static var folder: String {
    if let given = ProcessInfo.processInfo.environment["PORTICO_VECTORS"] {
      return "\(given)/sigv4"
    }
    var root = URL(fileURLWithPath: #filePath)
    for _ in 0..<5 { root.deleteLastPathComponent() }
    return root.appendingPathComponent("shared/vectors/sigv4").path
  }

  @Test("the suite is whole") func whole() { #expect(suite.count == 38) }

  @Test("header form", arguments: suite) func header(name: String) throws {
    let vector = try Vector(name)
    var request = vector.request
    if vector.signsBody {
      request.headers.append(HeaderField("x-amz-content-sha256", request.payloadHash))
    }
    let signed = vector.signer.signHeader(
      request, credentials: vector.credentials, at: vector.time, keys: SigningKeyCache())
    #expect(signed.canonicalRequest == vector.text("header-canonical-request"))
    #expect(signed.stringToSign == vector.text("header-string-to-sign"))
    #expect(signed.signature == vector.text("header-signature"))
    let expected = vector.fields(of: "header-signed-request")
    let authorization = try #require(signed.request.field("authorization"))
    #expect(expected["authorization"] == authorization)
    #expect(expected["x-amz-security-token"] == signed.request.field("x-amz-security-token"))
  }

  @Test("query form", arguments: suite) func query(name: String) throws {
    let vector = try Vector(name)
    let signed = vector.signer.signQuery(
      vector.request, credentials: vector.credentials, at: vector.time,
      expiresInSeconds: vector.expiry, keys: SigningKeyCache())
    #expect(signed.canonicalRequest == vector.text("query-canonical-request"))
    #expect(signed.stringToSign == vector.text("query-string-to-sign"))
    #expect(signed.signature == vector.text("query-signature"))
    let target = vector.target(of: "query-signed-request")
    let items = Vector.items(of: target)
    #expect(Set(items) == Set(signed.request.query))
  }
}

/// One case of the suite.
private struct Vector {
  let name: String
  let signer: SigV4
  let credentials: Credentials
  let time: Timestamp
  let expiry: Int
  let signsBody: Bool
  let request: HTTPRequest

  init(_ name: String) throws {
    self.name = name
    let context = try JSON(parsing: Self.read(name, "context.json"))
    let keys = try #require(context["credentials"])
    let normalizes = context["normalize"]?.bool ?? true
    signer = SigV4(
      region: try #require(context["region"]?.string),
      service: try #require(context["service"]?.string),
      pathRule: .encodedAgain(normalized: normalizes),
      tokenPlacement: context["omit_session_token"]?.bool == true ? .afterSigning : .signed)
    credentials = Credentials(
      accessKeyID: try #require(keys["access_key_id"]?.string),
      secretAccessKey: try #require(keys["secret_access_key"]?.string),
      sessionToken: keys["token"]?.string, source: "the vector")
    time = try #require(context["timestamp"]?.string.flatMap { Timestamp(iso8601: $0) })
    expiry = try #require(context["expiration_in_seconds"]?.int)
    signsBody = context["sign_body"]?.bool ?? false
    request = try Self.parse(Self.read(name, "request.txt"))
  }

  func text(_ part: String) -> String { (try? Self.read(name, "\(part).txt")) ?? "" }

  /// The request line holds spaces in some cases, so the target is what is between both ends.
  func target(of part: String) -> String { Self.target(text(part)) }

  func fields(of part: String) -> [String: String] {
    let lines = text(part).split(separator: "\n", omittingEmptySubsequences: false).dropFirst()
    var fields: [String: String] = [:]
    for line in lines.prefix(while: { !$0.isEmpty }) {
      guard let colon = line.firstIndex(of: ":") else { continue }
      fields[line[..<colon].lowercased()] = String(line[line.index(after: colon)...])
    }
    return fields
  }

  private static func read(_ name: String, _ file: String) throws -> String {
    let path = "\(SigV4VectorTests.folder)/\(name)/\(file)"
    return String(decoding: try Data(contentsOf: URL(fileURLWithPath: path)), as: UTF8.self)
      .replacing("\r\n", with: "\n")
  }

  private static func target(_ text: String) -> String {
    let line = text.prefix { $0 != "\n" }
    let rest = line.drop { $0 != " " }.dropFirst()
    return String(rest.hasSuffix(" HTTP/1.1") ? rest.dropLast(9) : rest)
  }

  private static func parse(_ text: String) throws -> HTTPRequest {
    let method = String(text.prefix { $0 != " " })
    let target = target(text)
    let path = String(target.prefix { $0 != "?" })
    let head = text.firstRange(of: "\n\n")?.lowerBound ?? text.endIndex
    let body = text.firstRange(of: "\n\n").map { String(text[$0.upperBound...]) } ?? ""
    var headers: [HeaderField] = []
    for line in text[..<head].split(separator: "\n").dropFirst() {
      if line.hasPrefix(" "), let last = headers.indices.last {
        headers[last].value += "\n" + line
      } else if let colon = line.firstIndex(of: ":") {
        headers.append(
          HeaderField(String(line[..<colon]), String(line[line.index(after: colon)...])))
      }
    }
    let host = try #require(headers.first { $0.name == "Host" }?.value)
    headers.removeAll { $0.name == "Host" }
    return HTTPRequest(
      method: method, host: host, path: path, query: items(of: target), headers: headers,
      body: Array(body.utf8), payloadHash: Digests.sha256(body))
  }

  static func items(of target: String) -> [QueryItem] {
    guard let mark = target.firstIndex(of: "?") else { return [] }
    return target[target.index(after: mark)...].split(separator: "&").map { pair in
      let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      return QueryItem(
        PercentEncoding.decode(String(parts[0])),
        parts.count > 1 ? PercentEncoding.decode(String(parts[1])) : "")
    }
  }
}
