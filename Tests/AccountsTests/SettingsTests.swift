import Diagnostics
import Settings
import Testing

@testable import Accounts

/// The section `accounts` of portico.yaml.
struct AccountsSettingsTests {
  private func read(_ yaml: String) throws -> AccountsSettings {
    let reader = try SettingsDocument(yaml: yaml).reader()
    let settings = AccountsSettings.read(
      reader.section("accounts"), origin: "http://localhost:8080")
    try reader.finish()
    return settings
  }

  @Test func `the defaults are those of the design`() throws {
    let settings = try read("")
    #expect(settings.issuer == "http://localhost:8080")
    #expect(settings.clients.map(\.id) == ["portico-web"])
    #expect(settings.clients[0].redirectURIs == ["http://localhost:8080/callback"])
    #expect(settings.signInLifetime == .seconds(86_400))
    #expect(settings.accessLifetime == .seconds(900))
    #expect(settings.passwordMinimumCharacters == 15)
    #expect(!settings.hasSecureCookies)
    #expect(AccountsSettings(origin: "https://portico.example").hasSecureCookies)
  }

  @Test func `messages lie below the data folder unless told otherwise`() throws {
    for (yaml, folder) in [("", "data/outbox"), ("accounts: { mail_folder: /m }", "/m")] {
      let reader = try SettingsDocument(yaml: yaml).reader()
      let settings = AccountsSettings.read(
        reader.section("accounts"), origin: "http://localhost:8080", mailFolder: "data/outbox")
      try reader.finish()
      #expect(settings.mailFolder == folder)
    }
  }

  @Test func `clients are registered by name`() throws {
    let settings = try read(
      """
      accounts:
        issuer_url: https://id.example
        legacy_salt: string
        clients:
          tool:
            type: native
            redirect_uris: ["http://127.0.0.1/callback"]
            scopes: [openid]
      """)
    #expect(settings.issuer == "https://id.example")
    #expect(settings.legacySalt == .string)
    #expect(settings.clients.last?.kind == .native)
  }

  @Test(arguments: [
    ("issuer_url: http://example.com", "A005"), ("issuer_url: https://id.example/", "A005"),
    ("clients: {x: {redirect_uris: ['http://example.com/cb']}}", "A004"),
    ("clients: {x: {type: confidential}}", "A004"), ("clients: {'a b': {}}", "A004"),
    ("access_token_second: 5", "C002"), ("master_key: abc", "C002"),
  ])
  func `what cannot be used is refused with its code`(line: String, code: String) {
    #expect {
      try read("accounts:\n  \(line)\n")
    } throws: { error in
      (error as? DiagnosticList)?.diagnostics.contains { $0.code.text == code } == true
    }
  }
}
