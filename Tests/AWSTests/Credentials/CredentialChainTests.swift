import Diagnostics
import Foundation
import Testing
import Time

@testable import AWS

/// A folder of files that one test writes.
final class ScratchFolder {
  let path: String

  init() throws {
    path = NSTemporaryDirectory() + "portico-aws-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  func write(_ name: String, _ text: String) throws -> String {
    let file = "\(path)/\(name)"
    try Data(text.utf8).write(to: URL(fileURLWithPath: file))
    return file
  }
}

@Suite("Credential chain")
struct CredentialChainTests {
  private let clock = ManualClock()

  private func resolve(
    _ variables: [String: String], _ transport: FakeTransport = FakeTransport.deaf
  ) async throws -> Credentials {
    let environment = AWSEnvironment(
      variables: variables,
      readFile: { FileManager.default.contents(atPath: $0).map { [UInt8]($0) } })
    return try await CredentialCache(
      providers: CredentialChain.standard(
        environment: environment, transport: transport, clock: clock, region: "eu-west-3"),
      clock: clock
    ).current()
  }

  private func refusal(
    _ variables: [String: String], _ transport: FakeTransport = FakeTransport.deaf
  ) async -> Diagnostic? {
    do {
      _ = try await resolve(variables, transport)
      return nil
    } catch {
      guard case AWSError.configuration(let diagnostic) = error else { return nil }
      return diagnostic
    }
  }

  @Test func `nothing anywhere is one diagnostic`() async {
    let found = await refusal(["HOME": "/nonexistent"])
    #expect(found?.code == .noCredentials)
    #expect(found?.remedy != nil)
  }

  @Test func `the environment wins`() async throws {
    let found = try await resolve([
      "AWS_ACCESS_KEY_ID": "A", "AWS_SECRET_ACCESS_KEY": "S", "AWS_SESSION_TOKEN": "T",
      "AWS_ROLE_ARN": "arn", "AWS_WEB_IDENTITY_TOKEN_FILE": "/nonexistent", "AWS_PROFILE": "p",
    ])
    #expect(found.source == "the environment")
    #expect((found.secretAccessKey, found.sessionToken) == ("S", "T"))
  }

  @Test func `half a key pair is refused`() async {
    #expect(await refusal(["AWS_ACCESS_KEY_ID": "A"])?.code == .credentialSourceBroken)
  }

  @Test func `values never print`() {
    let secret = Credentials(
      accessKeyID: "AKIDVALUE", secretAccessKey: "SECRETVALUE", sessionToken: "TOKENVALUE",
      source: "the test")
    var dumped = ""
    dump(secret, to: &dumped)
    for text in ["\(secret)", String(reflecting: secret), "\([secret])", dumped] {
      #expect(!text.contains("VALUE"))
    }
    #expect("\(secret)" == "<credentials from the test>")
  }

  @Test func `a web identity calls STS unsigned`() async throws {
    let folder = try ScratchFolder()
    let token = try folder.write("token", "header.payload.signature\n")
    let transport = FakeTransport { _, _ in .sts("W") }
    let found = try await resolve(
      ["AWS_ROLE_ARN": "arn:aws:iam::1:role/r", "AWS_WEB_IDENTITY_TOKEN_FILE": token], transport)
    #expect(found.accessKeyID == "W")
    #expect(found.source == "web identity for arn:aws:iam::1:role/r")
    let sent = try #require(transport.requests.first)
    #expect(sent.url == "https://sts.eu-west-3.amazonaws.com/")
    #expect(sent.field("authorization") == nil)
    #expect(
      sent.text
        == "Action=AssumeRoleWithWebIdentity&RoleArn=arn%3Aaws%3Aiam%3A%3A1%3Arole%2Fr"
        + "&RoleSessionName=portico&Version=2011-06-15&WebIdentityToken=header.payload.signature")
  }

  @Test func `a missing token file and a refusing STS are told apart`() async throws {
    let folder = try ScratchFolder()
    let missing = await refusal([
      "AWS_ROLE_ARN": "arn", "AWS_WEB_IDENTITY_TOKEN_FILE": "\(folder.path)/none",
    ])
    #expect(missing?.message.contains("cannot be read") == true)
    let token = try folder.write("token", "t")
    let refused = await refusal(
      ["AWS_ROLE_ARN": "arn", "AWS_WEB_IDENTITY_TOKEN_FILE": token],
      FakeTransport { _, _ in .error(403, "AccessDenied") })
    #expect(refused?.message.contains("AccessDenied") == true)
  }

  private func profiles(_ config: String, _ credentials: String, _ profile: String? = nil) throws
    -> (ScratchFolder, [String: String])
  {
    let folder = try ScratchFolder()
    var variables = [
      "AWS_CONFIG_FILE": try folder.write("config", config),
      "AWS_SHARED_CREDENTIALS_FILE": try folder.write("credentials", credentials),
    ]
    variables["AWS_PROFILE"] = profile
    return (folder, variables)
  }

  @Test func `static keys of the default profile`() async throws {
    let (folder, variables) = try profiles(
      "[default]\nregion = eu-west-3 ; here\ns3 =\n  max_concurrent_requests = 3\n",
      "# mine\n[default]\naws_access_key_id=D\naws_secret_access_key = sec=ret # note\n")
    let found = try await resolve(variables)
    #expect((found.accessKeyID, found.secretAccessKey) == ("D", "sec=ret"))
    #expect(found.source == "profile 'default'")
    let environment = AWSEnvironment(
      variables: variables,
      readFile: { FileManager.default.contents(atPath: $0).map { [UInt8]($0) } })
    #expect(ProfileFiles(environment: environment).region(of: "default") == "eu-west-3")
    _ = folder
  }

  @Test func `a role over another profile is assumed with a signature`() async throws {
    let (folder, variables) = try profiles(
      """
      [profile deploy]
      role_arn = arn:aws:iam::1:role/deploy
      source_profile = base
      external_id = x
      [profile base]
      """, "[base]\naws_access_key_id = B\naws_secret_access_key = s\n", "deploy")
    let transport = FakeTransport { _, _ in .sts("R") }
    let found = try await resolve(variables, transport)
    #expect(found.accessKeyID == "R")
    #expect(found.source == "profile 'deploy', role arn:aws:iam::1:role/deploy")
    let sent = try #require(transport.requests.first)
    #expect(sent.field("authorization")?.contains("Credential=B/") == true)
    #expect(sent.field("authorization")?.contains("/eu-west-3/sts/aws4_request") == true)
    #expect(sent.text.hasPrefix("Action=AssumeRole&ExternalId=x&"))
    _ = folder
  }

  @Test(
    "profiles that cannot work say why",
    arguments: [
      (
        "[profile p]\nrole_arn=a\nsource_profile=q\n[profile q]\nrole_arn=b\nsource_profile=p",
        "circle"
      ),
      ("[profile p]\nrole_arn=a\nsource_profile=none", "no such profile"),
      ("[profile p]\nrole_arn=a", "neither source_profile"),
      ("[profile p]\nrole_arn=a\nmfa_serial=m\nsource_profile=q", "MFA"),
      ("[profile p]\nsso_session=s", "sso_session"),
      ("[profile p]\ncredential_process=/bin/true", "credential_process"),
      ("[profile p]\nregion=x", "neither keys nor a role"),
      ("[profile other]\nregion=x", "no such profile"),
    ])
  func brokenProfile(config: String, expected: String) async throws {
    let (folder, variables) = try profiles(config, "", "p")
    let found = await refusal(variables)
    #expect(found?.code == .credentialSourceBroken)
    #expect(found?.message.contains(expected) == true, "\(found?.message ?? "none")")
    _ = folder
  }

  @Test func `a container's role, and no plain HTTP to strangers`() async throws {
    let transport = FakeTransport { request, _ in
      request.url == "http://169.254.170.2/creds/1" ? .metadata("C") : .text(404, "")
    }
    let found = try await resolve(
      [
        "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/creds/1",
        "AWS_CONTAINER_AUTHORIZATION_TOKEN": "tok",
      ], transport)
    #expect(found.accessKeyID == "C")
    #expect(found.expiration == Timestamp(iso8601: "2030-01-01T00:00:00Z"))
    #expect(transport.requests[0].field("authorization") == "tok")
    let stranger = await refusal(["AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://example.org/x"])
    #expect(stranger?.message.contains("neither https nor local") == true)
  }

  @Test func `an instance's role needs the token first`() async throws {
    let transport = FakeTransport { request, _ in
      if request.path == "/latest/api/token" {
        return request.method == "PUT" ? .text(200, "TOKEN") : .text(405, "")
      }
      guard request.field("x-aws-ec2-metadata-token") == "TOKEN" else { return .text(401, "") }
      if request.path.hasSuffix("/security-credentials/") { return .text(200, "my-role\n") }
      return request.path.hasSuffix("/my-role") ? .metadata("I") : .text(404, "")
    }
    let found = try await resolve([:], transport)
    #expect((found.accessKeyID, found.source) == ("I", "the instance's role 'my-role'"))
    #expect(await refusal(["AWS_EC2_METADATA_DISABLED": "true"], transport)?.code == .noCredentials)
  }

  @Test func `credentials are kept until five minutes before they end`() async throws {
    let transport = FakeTransport { _, position in .metadata("C\(position)", "2026-01-01T01:00:00Z")
    }
    let environment = AWSEnvironment(
      variables: ["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/c"], readFile: { _ in nil })
    let start = try #require(Timestamp(iso8601: "2026-01-01T00:00:00Z"))
    let clock = ManualClock(now: start)
    let cache = CredentialCache(
      providers: CredentialChain.standard(
        environment: environment, transport: transport, clock: clock, region: "r"),
      clock: clock)
    #expect(try await cache.current().accessKeyID == "C0")
    clock.advance(by: .seconds(54 * 60 + 59))
    #expect(try await cache.current().accessKeyID == "C0")
    clock.advance(by: .seconds(2))
    #expect(try await cache.current().accessKeyID == "C1")
  }
}

extension FakeTransport {
  /// Nobody answers.
  static var deaf: FakeTransport {
    FakeTransport { _, _ throws(TransportError) in throw .unreachable("nobody") }
  }
}

extension HTTPResponse {
  static func sts(_ id: String) -> HTTPResponse {
    .text(
      200,
      """
      <R><Result><Credentials><AccessKeyId>\(id)</AccessKeyId>
      <SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken>
      <Expiration>2030-01-01T00:00:00Z</Expiration></Credentials></Result></R>
      """)
  }

  static func metadata(_ id: String, _ end: String = "2030-01-01T00:00:00Z") -> HTTPResponse {
    .text(
      200,
      """
      {"AccessKeyId": "\(id)", "SecretAccessKey": "s", "Token": "t", "Expiration": "\(end)"}
      """)
  }
}
