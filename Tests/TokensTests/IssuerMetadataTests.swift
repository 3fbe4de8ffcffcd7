import Testing

@testable import Tokens

@Suite("Discovery")
struct IssuerMetadataTests {
  private func read(_ text: String) throws(IssuerMetadata.Defect) -> String {
    try IssuerMetadata(body: Array(text.utf8), issuer: "https://issuer/pool").keySetURL
  }

  @Test func `the key set's address is taken from the issuer's own document`() throws {
    #expect(
      try read(#"{"issuer":"https://issuer/pool","jwks_uri":"https://keys/jwks"}"#)
        == "https://keys/jwks")
    #expect(
      IssuerMetadata.location(of: "https://issuer/pool")
        == "https://issuer/pool/.well-known/openid-configuration")
    #expect(
      IssuerMetadata.location(of: "https://issuer/")
        == "https://issuer/.well-known/openid-configuration")
  }

  @Test(arguments: [
    (
      #"{"issuer":"https://issuer/pool/","jwks_uri":"https://k"}"#,
      IssuerMetadata.Defect.otherIssuer
    ),
    (#"{"jwks_uri":"https://k"}"#, .otherIssuer),
    (#"{"issuer":"https://issuer/pool"}"#, .noKeySet),
    (#"{"issuer":"https://issuer/pool","jwks_uri":"http://k"}"#, .insecure),
    ("[]", .malformed), ("<html>", .malformed),
  ])
  func `is not believed`(text: String, defect: IssuerMetadata.Defect) {
    #expect(throws: defect) { try read(text) }
  }

  @Test(arguments: [
    ("https://a", true), ("HTTPS://a/b", true), ("https://", false), ("ftp://a", false),
    ("http://localhost:8080/jwks", true), ("http://127.0.0.1/jwks", true),
    ("http://[::1]:9/jwks", true), ("http://localhost", true), ("http://[::1]", true),
    ("http://localhost.example/", false), ("http://localhost@example/", false),
    ("http://localhost:1@example/", false), ("http://127.0.0.1.example", false),
    ("http://[::1].example", false), ("http://example/?localhost", false), ("", false),
    ("http://localhost\\@example", false),
  ])
  func `keys come over https or from this machine`(url: String, isGood: Bool) {
    #expect(IssuerMetadata.isTrustworthy(url) == isGood)
  }
}
