import Testing

@testable import AWS

@Suite("Addresses of services")
struct ServiceAddressTests {
  @Test func `host, port and path`() throws {
    let plain = try ServiceAddress("http://127.0.0.1:8333", setting: "x")
    #expect((plain.host, plain.basePath) == ("127.0.0.1:8333", ""))
    let usual = try ServiceAddress("HTTPS://S3.example.org:443/store/", setting: "x")
    #expect((usual.scheme, usual.host, usual.basePath) == ("https", "s3.example.org", "/store"))
    let six = try ServiceAddress("http://[::1]:9000", setting: "x")
    #expect((six.host, six.hostName) == ("[::1]:9000", "[::1]"))
  }

  @Test(
    "what says more is refused",
    arguments: [
      "", "s3.example.org", "ftp://a", "http://", "http://a:0", "http://a:x", "http://u:p@a",
      "http://a/?b", "http://a/#b", "http://a b", "http://a/b c", "http://a\r\nb",
    ])
  func refused(url: String) {
    #expect(throws: AWSError.self) { try ServiceAddress(url, setting: "x") }
  }

  @Test func `buckets: virtual host on AWS, path elsewhere and for dots`() throws {
    func url(_ bucket: String, _ url: String?, _ how: S3Endpoint.Addressing = .auto) throws
      -> String
    {
      try S3Endpoint(bucket: bucket, url: url, addressing: how)
        .request("GET", key: "k", region: "cn-north-1").url
    }
    #expect(try url("site", nil) == "https://site.s3.cn-north-1.amazonaws.com.cn/k")
    #expect(try url("a.site", nil) == "https://s3.cn-north-1.amazonaws.com.cn/a.site/k")
    #expect(try url("site", "http://h:1/b") == "http://h:1/b/site/k")
    #expect(try url("site", "http://h:1", .virtual) == "http://site.h:1/k")
    for name in ["", "ab", "a/b", "a b", "..", "a..b", "a?b"] {
      #expect(throws: AWSError.self) { try S3Endpoint(bucket: name, url: nil) }
    }
  }
}
