import Cryptography
import Diagnostics
import Testing
import Time

@testable import AWS

/// A clock whose sleeps end at once and move it, so that waits can be counted.
final class LeapingClock: TimeSource {
  private let base = ManualClock()
  func now() -> Timestamp { base.now() }
  func monotonic() -> MonotonicInstant { base.monotonic() }
  func sleep(for duration: Duration) async throws { base.advance(by: duration) }
}

@Suite("Requests to a service")
struct ServiceConnectionTests {
  private func bucket(
    _ transport: FakeTransport, url: String? = nil, clock: any TimeSource = LeapingClock(),
    providers: [any CredentialProvider] = [FixedCredentials()], policy: RetryPolicy = RetryPolicy(),
    checksum: S3Client.Checksum = .sha256
  ) throws -> S3Client {
    S3Client(
      endpoint: try S3Endpoint(bucket: "site", url: url),
      connection: ServiceConnection(
        service: "s3", region: "us-east-1",
        credentials: CredentialCache(providers: providers, clock: clock), transport: transport,
        policy: policy, clock: clock, random: { 0.5 }),
      checksum: checksum)
  }

  @Test func `a PUT carries body, digest thrice and its fields`() async throws {
    let transport = FakeTransport { _, _ in .text(200, "", [("ETag", "\"abc\"")]) }
    let body = Array("hello".utf8)
    let tag = try await bucket(transport).put(
      "a b.html", body: body, sha256: SHA256.hash(body),
      headers: ObjectHeaders(contentType: "text/html; charset=utf-8", cacheControl: "no-cache"),
      condition: .matches(eTag: "old"))
    #expect(tag == "abc")
    let sent = try #require(transport.requests.first)
    #expect(sent.url == "https://site.s3.us-east-1.amazonaws.com/a%20b.html")
    let hex = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"
    #expect(sent.field("x-amz-content-sha256") == hex)
    #expect(
      sent.field("x-amz-checksum-sha256") == "LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=")
    #expect(sent.field("content-type") == "text/html; charset=utf-8")
    #expect(sent.field("cache-control") == "no-cache")
    #expect(sent.field("if-match") == "\"old\"")
    #expect(sent.text == "hello")
    #expect(
      sent.field("authorization")?.contains(
        "SignedHeaders=cache-control;content-type;host;if-match;x-amz-checksum-sha256;"
          + "x-amz-content-sha256;x-amz-date,") == true)
  }

  @Test func `errors that pass are tried again and slow the pace`() async throws {
    let clock = LeapingClock()
    let transport = FakeTransport { _, position throws(TransportError) in
      switch position {
      case 0: return .error(503, "SlowDown")
      case 1: throw .lost("reset")
      case 2: return .text(500, "")
      case 3: throw .timedOut
      default: return .text(200, "x", [("ETag", "\"t\"")])
      }
    }
    let started = clock.monotonic()
    let object = try await bucket(transport, clock: clock).get("k", limit: 10)
    #expect(object?.eTag == "t")
    #expect(transport.requests.count == 5)
    // Half of 100, 200, 400 and 800 ms; the pace of 5 ms is hidden behind the first.
    #expect((clock.monotonic() - started).wholeMilliseconds == 750)
  }

  @Test(
    "what cannot heal is not tried again",
    arguments: [
      (403, "AccessDenied"), (404, "NoSuchBucket"), (412, "PreconditionFailed"), (400, "Odd"),
      (501, "NotImplemented"),
    ])
  func final(status: Int, code: String) async throws {
    let transport = FakeTransport { _, _ in .error(status, code) }
    let client = try bucket(transport)
    let error = await #expect(throws: AWSError.self) { try await client.list(prefix: "") }
    #expect(error?.serviceCode == code)
    #expect(transport.requests.count == 1)
  }

  @Test func `tries are bounded`() async throws {
    let transport = FakeTransport { _, _ in .error(500, "InternalError") }
    let client = try bucket(transport, policy: RetryPolicy(attempts: 4))
    await #expect(throws: AWSError.self) { try await client.head("k") }
    #expect(transport.requests.count == 4)
  }

  @Test func `an endpoint that never answered is reported at once`() async throws {
    let transport = FakeTransport { _, _ throws(TransportError) in
      throw .unreachable("the connection was refused")
    }
    let client = try bucket(transport, url: "http://127.0.0.1:1")
    let error = await #expect(throws: AWSError.self) { try await client.list(prefix: "") }
    #expect(transport.requests.count == 1)
    let diagnostic = error?.diagnostic(while: "list the bucket 'site'", endpoint: "x")
    #expect(diagnostic?.code == .endpointUnreachable)
    #expect(diagnostic?.message.contains("127.0.0.1:1 cannot be reached") == true)
  }

  @Test(
    "a bucket elsewhere is followed once and noted",
    arguments: [(301, "PermanentRedirect", true), (400, "AuthorizationHeaderMalformed", false)])
  func region(status: Int, code: String, inHeader: Bool) async throws {
    let transport = FakeTransport { request, _ in
      if request.host == "site.s3.eu-west-3.amazonaws.com" {
        return .text(200, "<ListBucketResult></ListBucketResult>")
      }
      if inHeader {
        return .text(status, "", [("x-amz-bucket-region", "eu-west-3")])
      }
      return .error(status, code, extra: "<Region>eu-west-3</Region>")
    }
    let client = try bucket(transport)
    #expect(try await client.list(prefix: "").isEmpty)
    #expect(transport.requests.count == 2)
    #expect(transport.requests[1].field("authorization")?.contains("/eu-west-3/s3/") == true)
    #expect(client.notes.map(\.severity) == [.note])
    _ = try await client.list(prefix: "")
    #expect(transport.requests.count == 3)
  }

  @Test func `a redirect to nonsense is not followed`() async throws {
    let transport = FakeTransport { _, _ in
      .text(301, "", [("x-amz-bucket-region", "evil.example.org/")])
    }
    let client = try bucket(transport)
    await #expect(throws: AWSError.self) { try await client.list(prefix: "") }
    #expect(transport.requests.count == 1)
  }

  @Test func `the server's clock is heeded once`() async throws {
    let transport = FakeTransport { request, _ in
      if request.field("x-amz-date")?.hasPrefix("20300102T0304") == true {
        return .text(200, "<ListBucketResult></ListBucketResult>")
      }
      return .text(
        403, "<Error><Code>RequestTimeTooSkewed</Code></Error>",
        [("Date", "Wed, 02 Jan 2030 03:04:05 GMT")])
    }
    let client = try bucket(transport)
    #expect(try await client.list(prefix: "").isEmpty)
    #expect(transport.requests.count == 2)
  }

  @Test func `expired credentials are renewed once`() async throws {
    let transport = FakeTransport { request, position in
      position == 0
        ? .error(400, "ExpiredToken") : .text(200, "<ListBucketResult></ListBucketResult>")
    }
    #expect(try await bucket(transport).list(prefix: "").isEmpty)
    #expect(transport.requests.count == 2)
  }

  @Test func `a listing goes from page to page and must advance`() async throws {
    let page =
      "<ListBucketResult><IsTruncated>true</IsTruncated><Contents><Key>k</Key><Size>1</Size>"
      + "<ETag>\"t\"</ETag></Contents><NextContinuationToken>TOKEN</NextContinuationToken></ListBucketResult>"
    let transport = FakeTransport { request, position in
      .text(
        200,
        position < 2
          ? page.replacing("TOKEN", with: "t\(position)")
          : page.replacing("true", with: "false"))
    }
    #expect(try await bucket(transport).list(prefix: "p/").count == 3)
    #expect(
      transport.requests[1].query == [
        QueryItem("list-type", "2"), QueryItem("encoding-type", "url"),
        QueryItem("max-keys", "1000"), QueryItem("prefix", "p/"),
        QueryItem("continuation-token", "t0"),
      ])
    let stuck = FakeTransport { _, _ in .text(200, page) }
    let client = try bucket(stuck)
    await #expect(throws: AWSError.malformed("the listing does not advance")) {
      try await client.list(prefix: "")
    }
  }

  @Test func `absence is nil and HEAD tells the checksum`() async throws {
    let none = FakeTransport { request, _ in
      request.method == "HEAD" ? .text(404, "") : .error(404, "NoSuchKey")
    }
    #expect(try await bucket(none).head("k") == nil)
    #expect(try await bucket(none).get("k", limit: 1) == nil)
    let there = FakeTransport { _, _ in
      .text(
        200, "",
        [
          ("Content-Length", "5"), ("ETag", "\"e\""), ("Content-Type", "text/css"),
          ("x-amz-checksum-sha256", "c="),
        ])
    }
    let head = try await bucket(there).head("k")
    #expect(
      head
        == ObjectHead(
          bytes: 5, eTag: "e", headers: ObjectHeaders(contentType: "text/css", cacheControl: ""),
          checksum: "c="))
  }

  @Test(
    "each refusal is one diagnostic",
    arguments: [
      (404, "NoSuchBucket", "Y004"), (403, "SignatureDoesNotMatch", "Y002"),
      (403, "AccessDenied", "Y002"), (403, "InvalidAccessKeyId", "Y002"), (500, "Odd", "Y006"),
    ])
  func diagnostics(status: Int, code: String, expected: String) {
    let body = "<Error><Code>\(code)</Code><Message>because\u{1b}[31m</Message></Error>"
    let error = AWSError.service(
      ServiceError(status: status, headers: [], body: Array(body.utf8)))
    let diagnostic = error.diagnostic(while: "list", endpoint: "S3 in us-east-1")
    #expect(diagnostic.code.text == expected)
    #expect(diagnostic.remedy != nil)
    #expect(!diagnostic.message.unicodeScalars.contains("\u{1b}"))
  }
}
