import HTTPExchange
import JSON
import NIOCore
import Store
import Testing
import Time

@testable import Accounts

/// Whatever arrives gets the exact error of the document or of OAuth, never a 5xx, and never a hint
/// whether an account exists.
struct BadInputTests {
  /// A body of JSON that no function can use, and the status and message that say so.
  struct Bad: Sendable, CustomTestStringConvertible {
    var name: String
    var bytes: [UInt8]
    var status = 400
    var message: String

    init(_ name: String, _ text: String, _ message: String, status: Int = 400) {
      self.init(name, Array(text.utf8), message, status: status)
    }

    init(_ name: String, _ bytes: [UInt8], _ message: String, status: Int = 400) {
      self.name = name
      self.bytes = bytes
      self.status = status
      self.message = message
    }

    var testDescription: String { name }
  }

  private static let notJSON = "Invalid JSON in request body"
  private static let invalid = "Invalid request body"

  static let bodies: [Bad] = [
    Bad("nothing", "", "Missing request body"),
    Bad("an open brace", "{", notJSON),
    Bad("a form", "username=alice&password=x", notJSON),
    Bad("two documents", "{}{}", notJSON),
    Bad(
      "broken UTF-8", Array(#"{"username":""#.utf8) + [0xC3, 0x28] + Array(#""}"#.utf8), notJSON),
    Bad("an overlong NUL", Array(#"{"username":""#.utf8) + [0xC0, 0x80, 0x22, 0x7D], notJSON),
    Bad("UTF-16", [0xFF, 0xFE, 0x7B, 0x00, 0x7D, 0x00], notJSON),
    Bad("a raw NUL", Array(#"{"username":"a"#.utf8) + [0] + Array(#""}"#.utf8), notJSON),
    Bad("a lone surrogate", #"{"username":"\ud800"}"#, notJSON),
    Bad("a name twice", #"{"username":"a","username":"b"}"#, notJSON),
    Bad("nested too deeply", String(repeating: "[", count: 2000), notJSON),
    Bad("a list", "[]", invalid), Bad("null", "null", invalid), Bad("a text", #""x""#, invalid),
    Bad(
      "oversized", String(repeating: " ", count: 17_000), "Body exceeds 16384 bytes", status: 413),
  ]

  static let functions = [
    "signup", "login", "confirm-user", "resend-confirmation", "forgot-password",
    "confirm-forgot-password", "change-password", "put-settings",
  ]

  @Test(arguments: functions, bodies)
  func `a malformed body`(function: String, bad: Bad) async throws {
    let harness = try await AccountsHarness()
    let answer = try await harness.call(
      function, bytes: bad.bytes, identity: Identity(subject: "s", username: "alice"))
    #expect(answer.status == bad.status)
    #expect(answer.json["message"] == .string(bad.message))
    #expect(answer.json["success"] == false)
    #expect(answer.json["requestId"] == "test")
  }

  @Test(arguments: functions.dropLast())
  func `members of another kind, empty, and of any length`(function: String) async throws {
    let harness = try await AccountsHarness()
    let long = JSON.string(String(repeating: "p", count: 5000))
    let values: [JSON] = [.null, 1, true, [], [:], "", "a\u{0}b", long, "\u{202E}\u{FEFF}"]
    for value in values {
      var body = JSONObject()
      for member in ["username", "password", "code", "newPassword", "currentPassword"] {
        body[member] = value
      }
      let answer = try await harness.json(
        function, .object(body), identity: Identity(subject: "s", username: "alice"))
      #expect((200..<500).contains(answer.status), "\(function) \(value)")
      #expect(answer.status != 200 || function.hasPrefix("re") || function.hasPrefix("forgot"))
      #expect(!answer.text.contains("ppp"), "what was sent does not come back")
    }
  }

  /// Sign-up tells that a public name is taken, as Cognito does; nothing else tells anything.
  @Test(arguments: ["login", "confirm-user", "confirm-forgot-password", "forgot-password"])
  func `no hint whether there is an account`(function: String) async throws {
    let harness = try await AccountsHarness { $0.signInBudget = .zero }
    _ = try await harness.signedIn("alice")
    for code in ["12345678", "x"] {
      var answers: Set<String> = []
      for name in ["alice", "ALICE", "nobody", "al#ice", "alice\u{0}", "alice@example.com"] {
        let answer = try await harness.json(
          function,
          [
            "username": .string(name), "password": "wrong wrong wrong", "code": .string(code),
            "newPassword": "a quite different sentence",
          ])
        answers.insert("\(answer.status) \(answer.text) \(answer.headers)")
      }
      #expect(answers.count == 1, "\(function)")
    }
  }

  // MARK: Forms

  static let forms: [(String, [UInt8])] = [
    ("broken escape", Array("client_id=%zz".utf8)), ("half an escape", Array("client_id=%4".utf8)),
    ("NUL", Array("client_id=portico-web&token=a%00b".utf8)),
    ("raw NUL", Array("client_id=portico-web&token=a".utf8) + [0]),
    ("broken UTF-8", Array("client_id=portico-web&token=%ff".utf8)),
    ("raw broken UTF-8", Array("client_id=portico-web&token=".utf8) + [0xC3, 0x28]),
    ("twice", Array("client_id=portico-web&client_id=portico-web".utf8)),
    ("twice, once escaped", Array("client_id=portico-web&client%5Fid=other".utf8)),
    ("too many", Array((0..<200).map { "p\($0)=x" }.joined(separator: "&").utf8)),
    ("too large", Array(("token=" + String(repeating: "x", count: 17_000)).utf8)),
  ]

  @Test(arguments: ["token", "revoke", "introspect"], forms)
  func `a malformed form is invalid_request (RFC 6749 3.2, 5.2)`(
    function: String, form: (name: String, bytes: [UInt8])
  ) async throws {
    let harness = try await AccountsHarness()
    let answer = try await harness.call(
      function, headers: AccountsHarness.form, bytes: form.bytes)
    #expect(answer.status == 400, "\(form.name)")
    #expect(answer.json["error"] == "invalid_request", "\(form.name)")
    #expect(answer.headers["cache-control"] == "no-store")
  }

  @Test(
    arguments: [
      "login-page", "signup-page", "confirm-user-page", "forgot-password-page",
      "confirm-forgot-password-page", "logout-page", "authorize",
    ], forms)
  func `a malformed form of a page is a page`(
    function: String, form: (name: String, bytes: [UInt8])
  ) async throws {
    let harness = try await AccountsHarness()
    let answer = try await harness.call(
      function, headers: AccountsHarness.form + [("origin", AccountsHarness.origin)],
      bytes: form.bytes)
    #expect((400..<500).contains(answer.status), "\(function) \(form.name)")
    #expect(answer.headers["content-type"]?.hasPrefix("text/html") == true)
    #expect(answer.headers["location"] == nil)
  }

  @Test(arguments: [
    "text/plain", "application/json", "multipart/form-data; boundary=x", "",
    "application/x-www-form-urlencodedx",
  ])
  func `only a form is a form`(type: String) async throws {
    let harness = try await AccountsHarness()
    let answer = try await harness.call(
      "token", headers: type.isEmpty ? [] : [("content-type", type)],
      body: "grant_type=refresh_token&client_id=portico-web&refresh_token=x")
    #expect(answer.status == 400)
    #expect(answer.json["error"] == "invalid_request")
  }

  // MARK: Tokens

  @Test func `an expired or foreign token is refused with its challenge`() async throws {
    let harness = try await AccountsHarness()
    let foreign = try await AccountsHarness(masterKey: .random())
    let theirs = try #require(try await foreign.tokens()["access_token"]?.string)
    let ours = try #require(try await harness.tokens()["access_token"]?.string)
    harness.clock.advance(by: .seconds(961))
    let parts = ours.split(separator: ".").map(String.init)
    let tokens = [
      ours, theirs, parts[0] + "." + parts[1] + ".", parts[0] + "." + parts[1],
      "e30.e30.e30", "..", String(repeating: "x", count: 9000), "\u{1}", "%00", "rt1.1.a.0.b",
    ]
    for token in tokens {
      let answer = try await harness.call(
        "userinfo", method: "GET", headers: [("authorization", "Bearer \(token)")])
      #expect(answer.status == 401)
      #expect(answer.headers["www-authenticate"]?.contains("invalid_token") == true)
      #expect(harness.identity(token) == nil)
      let revoked = try await harness.post(
        "revoke", "client_id=portico-web&token=\(PercentEncoding.encode(token))")
      #expect(revoked.status == (token.contains("\u{0}") ? 400 : 200))
    }
  }
}
