import Foundation
import HTTPExchange
import JSON
import Store
import Testing
import Time

@testable import Accounts

/// Confirmation and recovery through the durable outbox (auth.md §2.10).
struct RecoveryTests {
  private let mail = Mailbox()

  @Test func `an address is confirmed with the code from the outbox`() async throws {
    defer { mail.remove() }
    let harness = try await mail.harness()
    try await harness.signUp("alice", "alice@example.com")
    #expect(try mail.messages().isEmpty)
    try await mail.deliver(harness)
    let message = try #require(try mail.messages().first)
    #expect(message.contains("To: alice@example.com"))
    let code = try #require(Mailbox.code(in: message))
    let browser = Browser(harness)
    let page = try await browser.get("/confirmUser?username=alice")
    let wrong = try await browser.submit(page, [("username", "alice"), ("code", "00000000")])
    #expect(wrong.status == 400)
    let right = try await browser.submit(
      page, [("username", "alice"), ("code", "\(code.prefix(4)) \(code.suffix(4))")])
    #expect(right.status == 303)
    let profile = try #require(try await harness.service.profile(named: "alice"))
    #expect(profile.emailVerified)
    let again = try await browser.submit(page, [("username", "alice"), ("code", code)])
    #expect(again.status == 400)
    let name = try #require(try FileManager.default.contentsOfDirectory(atPath: mail.folder).first)
    let attributes = try FileManager.default.attributesOfItem(atPath: "\(mail.folder)/\(name)")
    #expect((attributes[.posixPermissions] as? NSNumber)?.intValue == 0o600)
    // Delivered once.
    try await mail.deliver(harness)
    #expect(try mail.messages().count == 1)
  }

  @Test func `another code can be asked for, a few times and for every name alike`() async throws {
    defer { mail.remove() }
    let harness = try await mail.harness()
    try await harness.signUp("alice", "alice@example.com")
    try await mail.deliver(harness)
    let first = try #require(mail.messages().last.flatMap(Mailbox.code))
    var texts: Set<String> = []
    for name in ["alice", "alice", "alice", "alice", "nobody"] {
      harness.clock.advance(by: .milliseconds(2))
      let browser = Browser(harness)
      let page = try await browser.get("/confirmUser")
      let answer = try await browser.submit(page, [("username", name), ("resend", "1")])
      #expect(answer.status == 200)
      #expect(answer.text.contains("on its way"))
      texts.insert(Browser.attribute("class", of: answer.text, in: "role=\"status\"") ?? "")
    }
    #expect(texts.count == 1)
    try await mail.deliver(harness)
    #expect(try mail.messages().count == 4)
    let newest = try #require(mail.messages().last.flatMap(Mailbox.code))
    let context = RequestContext(requestID: "t", sourceAddress: "192.0.2.1", clock: harness.clock)
    #expect(try await !harness.service.confirmEmail("alice", code: first, context))
    #expect(try await harness.service.confirmEmail("alice", code: newest, context))
  }

  @Test func `five wrong tries use a code up`() async throws {
    defer { mail.remove() }
    let harness = try await mail.harness()
    try await harness.signUp("alice", "alice@example.com")
    try await mail.deliver(harness)
    let code = try #require(mail.messages().last.flatMap(Mailbox.code))
    let wrong = code == "11111111" ? "22222222" : "11111111"
    let context = RequestContext(requestID: "t", sourceAddress: "192.0.2.1", clock: harness.clock)
    for _ in 0..<5 {
      #expect(try await !harness.service.confirmEmail("alice", code: wrong, context))
    }
    #expect(try await !harness.service.confirmEmail("alice", code: code, context))
  }

  @Test func `a code ends after ten minutes`() async throws {
    defer { mail.remove() }
    let harness = try await mail.harness()
    try await harness.signUp("alice", "alice@example.com")
    try await mail.deliver(harness)
    let code = try #require(mail.messages().last.flatMap(Mailbox.code))
    harness.clock.advance(by: .seconds(601))
    let context = RequestContext(requestID: "t", sourceAddress: "192.0.2.1", clock: harness.clock)
    #expect(try await !harness.service.confirmEmail("alice", code: code, context))
  }

  private func confirmed(_ harness: AccountsHarness) async throws {
    try await harness.signUp("alice", "alice@example.com")
    try await mail.deliver(harness)
    let code = try #require(mail.messages().last.flatMap(Mailbox.code))
    let context = RequestContext(requestID: "t", sourceAddress: "192.0.2.1", clock: harness.clock)
    #expect(try await harness.service.confirmEmail("alice", code: code, context))
    try mail.empty()
  }

  @Test func `a forgotten password is set anew and every session ends`() async throws {
    defer { mail.remove() }
    let harness = try await mail.harness()
    try await confirmed(harness)
    let token = try await harness.signedIn()
    let browser = Browser(harness)
    let ask = try await browser.submit(
      try await browser.get("/forgotPassword"), [("username", "alice@example.com")])
    #expect(ask.status == 303)
    try await mail.deliver(harness)
    let code = try #require(mail.messages().last.flatMap(Mailbox.code))
    let page = try await browser.get("/confirmForgotPassword")
    let fresh = "a quite different sentence"
    let weak = try await browser.submit(
      page, [("username", "alice"), ("code", code), ("password", "short")])
    #expect(weak.status == 400)
    let done = try await browser.submit(
      page, [("username", "alice"), ("code", code), ("password", fresh)])
    #expect(done.status == 303)
    #expect(harness.identity(token) == nil)
    harness.clock.advance(by: .seconds(1))
    _ = try await harness.signedIn(password: fresh)
    let used = try await browser.submit(
      page, [("username", "alice"), ("code", code), ("password", "yet another sentence")])
    #expect(used.status == 400)
  }

  @Test func `asking tells nobody whether there is an account`() async throws {
    defer { mail.remove() }
    let harness = try await mail.harness()
    try await confirmed(harness)
    try await harness.signUp("unconfirmed", "someone@example.com")
    var answers: [String] = []
    for name in ["alice", "nobody", "unconfirmed", "nobody@example.com", "a#b"] {
      let browser = Browser(harness)
      let answer = try await browser.submit(
        try await browser.get("/forgotPassword"), [("username", name)])
      answers.append("\(answer.status) \(answer.headers["location"] ?? "")")
      let reset = try await browser.submit(
        try await browser.get("/confirmForgotPassword"),
        [("username", name), ("code", "12345678"), ("password", "a quite different sentence")])
      answers.append("\(reset.status)")
    }
    #expect(Set(answers).count == 2)
    try await mail.deliver(harness)
    // To the confirmed address, and the confirmation of the unconfirmed one: nothing else.
    let resets = try mail.messages().filter { $0.contains("Reset your") }
    #expect(resets.count == 1)
  }

  @Test func `an address that is known elsewhere refuses no sign-up, and confirmation decides`()
    async throws
  {
    defer { mail.remove() }
    let harness = try await mail.harness()
    try await harness.signUp("squatter", "alice@example.com")
    try mail.empty()
    try await mail.deliver(harness)
    harness.clock.advance(by: .seconds(1))
    try await harness.signUp("alice", "alice@example.com")
    try await mail.deliver(harness)
    let code = try #require(
      mail.messages().last { $0.contains("Hello alice") }.flatMap(Mailbox.code))
    let context = RequestContext(requestID: "t", sourceAddress: "192.0.2.1", clock: harness.clock)
    #expect(try await harness.service.confirmEmail("alice", code: code, context))
    let owner = try await harness.store.get(UserProfile.emailKey("alice@example.com"))
    #expect(owner?["username"] == "alice")
    let login = try await harness.json(
      "login",
      ["username": "alice@example.com", "password": .string(AccountsHarness.password)])
    #expect(login.json["username"] == "alice")
  }

  @Test func `a message that cannot be delivered waits and is not lost`() async throws {
    let harness = try await AccountsHarness {
      $0.transport = .command
      $0.mailCommand = "/bin/false"
    }
    try await harness.signUp("alice", "alice@example.com")
    #expect(try await harness.service.outbox.deliver(secrets: harness.service.secrets) == 0)
    let page = try await harness.store.query(Query(pk: Outbox.partition))
    #expect(page.items.count == 1)
    #expect(page.items.first?["attempts"] == 1)
    #expect(page.items.first?["sealed"]?.string?.contains("alice") == false)
    #expect(!harness.log.text.contains("alice"))
  }

  @Test func `a sendmail-compatible command gets the whole message`() async throws {
    let folder = mail.folder
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { mail.remove() }
    let script = "\(folder)/sendmail"
    try "#!/bin/sh\necho \"$@\" > \(folder)/arguments\ncat > \(folder)/message\n".write(
      toFile: script, atomically: true, encoding: .utf8)
    try FileManager.default.setAttributes([.posixPermissions: 0o700], ofItemAtPath: script)
    let harness = try await AccountsHarness {
      $0.transport = .command
      $0.mailCommand = script
    }
    try await harness.signUp("alice", "alice@example.com")
    #expect(try await harness.service.outbox.deliver(secrets: harness.service.secrets) == 1)
    let arguments = try String(contentsOfFile: "\(folder)/arguments", encoding: .utf8)
    #expect(arguments == "-t -i\n")
    let message = try String(contentsOfFile: "\(folder)/message", encoding: .utf8)
    #expect(message.contains("To: alice@example.com"))
    #expect(Mailbox.code(in: message) != nil)
  }

  @Test(arguments: ["a@b\r\nBcc: x@y.example", "a b@example.com", "a@@b.c", "@example.com", "a@b"])
  func `addresses that would reach into a header are refused`(email: String) {
    #expect(AccountName.canonicalEmail(email) == nil)
  }
}
