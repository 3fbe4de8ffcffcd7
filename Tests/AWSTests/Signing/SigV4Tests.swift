import Cryptography
import Testing
import Time

@testable import AWS

enum Digests {
  static func sha256(_ text: String) -> String { SHA256.hash(text).hex }
}

/// The worked examples of "Authenticating Requests: Using the Authorization Header" in S3's API
/// reference: one key, one moment, one bucket.
@Suite("SigV4 for S3, the examples of its API reference")
struct SigV4S3Tests {
  private let signer = SigV4(region: "us-east-1", service: "s3")
  private let credentials = Credentials(
    accessKeyID: "AKIAIOSFODNN7EXAMPLE",
    secretAccessKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", source: "the reference")

  private func sign(_ request: HTTPRequest) throws -> String {
    let time = try #require(Timestamp(iso8601: "2013-05-24T00:00:00Z"))
    return signer.signHeader(request, credentials: credentials, at: time, keys: SigningKeyCache())
      .signature
  }

  private func request(
    _ method: String, _ path: String, query: [QueryItem] = [], headers: [HeaderField] = [],
    body: String = ""
  ) -> HTTPRequest {
    let hash = Digests.sha256(body)
    return HTTPRequest(
      method: method, host: "examplebucket.s3.amazonaws.com", path: path, query: query,
      headers: headers + [HeaderField("x-amz-content-sha256", hash)],
      body: Array(body.utf8), payloadHash: hash)
  }

  @Test func `GET with a range`() throws {
    let signature = try sign(
      request("GET", "/test.txt", headers: [HeaderField("Range", "bytes=0-9")]))
    #expect(signature == "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41")
  }

  @Test func `PUT with a dollar in the key`() throws {
    let signature = try sign(
      request(
        "PUT", "/test%24file.text",
        headers: [
          HeaderField("Date", "Fri, 24 May 2013 00:00:00 GMT"),
          HeaderField("x-amz-storage-class", "REDUCED_REDUNDANCY"),
        ], body: "Welcome to Amazon S3."))
    #expect(signature == "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd")
  }

  @Test func `GET of a subresource without value`() throws {
    let signature = try sign(request("GET", "/", query: [QueryItem("lifecycle")]))
    #expect(signature == "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543")
  }

  @Test func `GET of a listing`() throws {
    let signature = try sign(
      request("GET", "/", query: [QueryItem("max-keys", "2"), QueryItem("prefix", "J")]))
    #expect(signature == "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7")
  }

  @Test func `the address is the one that is signed`() {
    let endpoint = try? S3Endpoint(bucket: "site", url: "http://127.0.0.1:8333")
    var request = endpoint?.request("GET", key: "a b+c/~é//../x$(1)=&.txt", region: "eu-west-3")
    #expect(request?.path == "/site/a%20b%2Bc/~%C3%A9//../x%24%281%29%3D%26.txt")
    request?.query = [QueryItem("b", "ü/+ "), QueryItem("a")]
    #expect(
      request?.url
        == "http://127.0.0.1:8333/site/a%20b%2Bc/~%C3%A9//../x%24%281%29%3D%26.txt?a=&b=%C3%BC%2F%2B%20"
    )
  }

  @Test func `hops' fields are not signed and inner spaces collapse`() throws {
    var plain = request("GET", "/x", headers: [HeaderField("x-amz-meta-a", "b c")])
    let before = try sign(plain)
    plain.headers[0].value = "  b \t  c "
    plain.headers += [
      HeaderField("User-Agent", "portico"), HeaderField("Expect", "100-continue"),
      HeaderField("traceparent", "00-1"), HeaderField("Connection", "close"),
    ]
    #expect(try sign(plain) == before)
  }

  @Test func `the key is derived once a day and apart for each secret`() throws {
    let keys = SigningKeyCache()
    let time = try #require(Timestamp(iso8601: "2026-03-01T23:59:59Z"))
    let other = Credentials(
      accessKeyID: credentials.accessKeyID, secretAccessKey: "other", source: "the test")
    let request = request("GET", "/")
    let first = signer.signHeader(request, credentials: credentials, at: time, keys: keys)
    let again = signer.signHeader(request, credentials: credentials, at: time, keys: keys)
    let changed = signer.signHeader(request, credentials: other, at: time, keys: keys)
    let tomorrow = signer.signHeader(
      request, credentials: credentials, at: time + .seconds(1), keys: keys)
    #expect(first.signature == again.signature)
    #expect(first.signature != changed.signature)
    #expect(tomorrow.stringToSign.contains("20260302/us-east-1/s3/aws4_request"))
    #expect(
      tomorrow.signature
        == signer.signHeader(
          request, credentials: credentials, at: time + .seconds(1), keys: SigningKeyCache()
        ).signature)
  }
}
