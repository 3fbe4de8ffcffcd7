import Testing
import Time

@testable import AWS

@Suite("CloudFront")
struct CloudFrontClientTests {
  @Test func `an invalidation is one signed POST with escaped paths`() async throws {
    let transport = FakeTransport { _, _ in
      .text(201, "<Invalidation><Id>I1</Id><Status>InProgress</Status></Invalidation>")
    }
    let clock = ManualClock()
    let client = try CloudFrontClient(
      url: nil,
      connection: ServiceConnection(
        service: "cloudfront", region: CloudFrontClient.region,
        credentials: CredentialCache(providers: [FixedCredentials()], clock: clock),
        transport: transport, clock: clock))
    let id = try await client.createInvalidation(
      distribution: "E1", paths: ["/", "/a&b'<c>"], callerReference: "r&1")
    #expect(id == "I1")
    let sent = try #require(transport.requests.first)
    #expect(sent.url == "https://cloudfront.amazonaws.com/2020-05-31/distribution/E1/invalidation")
    #expect(sent.field("authorization")?.contains("/us-east-1/cloudfront/aws4_request") == true)
    #expect(
      sent.text == """
        <?xml version="1.0" encoding="UTF-8"?>
        <InvalidationBatch xmlns="http://cloudfront.amazonaws.com/doc/2020-05-31/"><Paths>\
        <Quantity>2</Quantity><Items><Path>/</Path><Path>/a&amp;b&apos;&lt;c&gt;</Path></Items>\
        </Paths><CallerReference>r&amp;1</CallerReference></InvalidationBatch>
        """)
  }
}
