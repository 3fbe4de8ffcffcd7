import Diagnostics
import Settings
import Time

/// How `salt:hash` rows of document 004 were made: with the salt's bytes, or with its text.
package enum LegacySalt: String, Sendable, CaseIterable {
  case bytes
  case string
  /// Tries both.
  case auto
}

/// Where a first-party page keeps its refresh token.
package enum BrowserRefresh: String, Sendable, CaseIterable {
  /// In an HttpOnly cookie that only the token endpoint sees.
  case cookie
  /// In the answer, as for every other client.
  case body
}

/// How messages leave the outbox.
package enum MailTransport: String, Sendable, CaseIterable {
  /// A line of the log that says that there is a message, never what it says.
  case log
  /// One file per message below the data folder.
  case file
  /// A command that reads the message as `sendmail -t -i` does.
  case command
}

/// The section `accounts`.
package struct AccountsSettings: Sendable {
  /// Scheme, host and port of the site, such as `http://localhost:8080`.
  package var origin: String
  /// The `iss` of every token: the origin unless set.
  package var issuer: String
  /// What pages and mails call the site.
  package var serviceName = "Portico"
  /// The `aud` of access tokens.
  package var audience = "portico-api"
  /// The client that `/auth/login` issues tokens for, and the site's own pages.
  package var firstPartyClientID = "portico-web"
  package var clients: [OAuthClient] = []
  /// Access tokens of `/oauth2/token`: short, since they are revoked late elsewhere.
  package var accessLifetime: Duration = .seconds(900)
  /// Tokens of `/auth/login`: document 004's 24 hours.
  package var signInLifetime: Duration = .seconds(86_400)
  package var codeLifetime: Duration = .seconds(60)
  package var refreshLifetime: Duration = .seconds(30 * 86_400)
  package var refreshIdle: Duration = .seconds(7 * 86_400)
  /// The provider's own session in the browser.
  package var sessionLifetime: Duration = .seconds(30 * 86_400)
  package var passwordMinimumCharacters = 15
  package var legacySalt = LegacySalt.auto
  /// Every failed sign-in ends at a multiple of it, so that causes cannot be told apart by time.
  package var signInBudget: Duration = .milliseconds(600)
  package var passwordThreads = 2
  package var passwordQueue = 16
  package var passwordDeadline: Duration = .seconds(5)
  package var attemptsPerMinute = 10
  package var attemptsBurst = 20
  package var browserRefresh = BrowserRefresh.cookie
  package var requireConfirmedEmail = false
  package var transport = MailTransport.log
  package var mailFolder = "var/outbox"
  package var mailCommand = "/usr/sbin/sendmail"
  package var mailFrom = "no-reply@localhost"

  /// The defaults for a site at that origin, with its first-party client.
  package init(origin: String) {
    self.origin = origin
    issuer = origin
    clients = [Self.siteClient("portico-web", origin: origin)]
  }

  /// Whether cookies may be `Secure`: everywhere but on plain http of this machine.
  package var hasSecureCookies: Bool { !origin.hasPrefix("http://") }

  static func siteClient(_ id: String, origin: String) -> OAuthClient {
    OAuthClient(
      id: id, redirectURIs: ["\(origin)/callback"], logoutURIs: [origin, "\(origin)/"],
      origins: [origin], isFirstParty: true)
  }
}

extension AccountsSettings {
  /// Reads the section `accounts`; what is wrong is noted in the reader.
  ///
  /// - Parameter mailFolder: where messages lie unless the section says so, below the data folder.
  package static func read(
    _ reader: SettingsReader, origin: String, mailFolder: String = "var/outbox"
  ) -> AccountsSettings {
    var settings = AccountsSettings(origin: origin)
    settings.mailFolder = mailFolder
    settings.issuer = reader.string("issuer_url", default: origin)
    if settings.issuer.hasSuffix("/") || !isUsableIssuer(settings.issuer) {
      reader.note(
        .issuerUnusable, "'\(settings.issuer)' cannot be an issuer", key: "issuer_url",
        remedy: "write an https origin without a slash at its end; http only for localhost")
    }
    settings.serviceName = reader.string("service_name", default: settings.serviceName)
    settings.audience = reader.string("audience", default: settings.audience)
    settings.firstPartyClientID = reader.string(
      "first_party_client_id", default: settings.firstPartyClientID)
    settings.readLifetimes(reader)
    settings.readPasswords(reader)
    settings.browserRefresh = reader.choice("browser_refresh", default: settings.browserRefresh)
    settings.requireConfirmedEmail = reader.bool("require_confirmed_email", default: false)
    settings.transport = reader.choice("mail_transport", default: settings.transport)
    settings.mailFolder = reader.string("mail_folder", default: settings.mailFolder)
    settings.mailCommand = reader.string("mail_command", default: settings.mailCommand)
    settings.mailFrom = reader.string("mail_from", default: settings.mailFrom)
    settings.readClients(reader)
    return settings
  }

  private mutating func readLifetimes(_ reader: SettingsReader) {
    func seconds(_ key: String, _ value: Duration, _ range: ClosedRange<Int>) -> Duration {
      .seconds(reader.int(key, default: Int(value.components.seconds), in: range))
    }
    accessLifetime = seconds("access_token_seconds", accessLifetime, 60...86_400)
    signInLifetime = seconds("sign_in_token_seconds", signInLifetime, 60...86_400)
    codeLifetime = seconds("code_seconds", codeLifetime, 1...300)
    refreshLifetime = seconds("refresh_seconds", refreshLifetime, 3600...31_536_000)
    refreshIdle = seconds("refresh_idle_seconds", refreshIdle, 3600...31_536_000)
    sessionLifetime = seconds("session_seconds", sessionLifetime, 300...31_536_000)
  }

  private mutating func readPasswords(_ reader: SettingsReader) {
    passwordMinimumCharacters = reader.int(
      "password_minimum_characters", default: passwordMinimumCharacters, in: 8...64)
    legacySalt = reader.choice("legacy_salt", default: legacySalt)
    signInBudget = .milliseconds(reader.int("sign_in_budget_ms", default: 600, in: 0...10_000))
    passwordThreads = reader.int("password_threads", default: passwordThreads, in: 1...16)
    passwordQueue = reader.int("password_queue", default: passwordQueue, in: 1...1024)
    attemptsPerMinute = reader.int("attempts_per_minute", default: attemptsPerMinute, in: 1...6000)
    attemptsBurst = reader.int("attempts_burst", default: attemptsBurst, in: 1...6000)
  }

  private mutating func readClients(_ reader: SettingsReader) {
    clients = [Self.siteClient(firstPartyClientID, origin: origin)]
    for (id, section) in reader.entries(of: "clients") {
      let client = Self.readClient(id, section)
      clients.removeAll { $0.id == id }
      clients.append(client)
    }
  }

  private static func readClient(_ id: String, _ reader: SettingsReader) -> OAuthClient {
    let client = OAuthClient(
      id: id, kind: reader.choice("type", default: OAuthClient.Kind.public),
      redirectURIs: reader.strings("redirect_uris"), logoutURIs: reader.strings("logout_uris"),
      origins: reader.strings("origins"),
      grants: reader.strings("grants", default: ["authorization_code", "refresh_token"]),
      scopes: reader.strings("scopes", default: ["openid", "email", "profile"]),
      secretDigest: reader.optionalString("secret_sha256"),
      isFirstParty: reader.bool("first_party", default: false))
    for uri in client.redirectURIs {
      guard let refusal = OAuthClient.refusal(ofRedirect: uri) else { continue }
      reader.note(
        .clientUnusable, "the redirect URI '\(uri)' of client '\(id)' \(refusal)",
        key: "redirect_uris", remedy: "register the exact https URI, or http for localhost")
    }
    let isPlain = id.utf8.allSatisfy { byte in
      switch byte {
      case 48...57, 65...90, 97...122, 45, 46, 95: true
      default: false
      }
    }
    if !isPlain || id.utf8.count > 128 {
      reader.note(
        .clientUnusable, "'\(id)' cannot be a client's id", key: "redirect_uris",
        remedy: "use letters, digits, '.', '-' and '_'")
    }
    if (client.kind == .confidential) != (client.secretDigest != nil) {
      reader.note(
        .clientUnusable, "client '\(id)' is \(client.kind.rawValue) but its secret says otherwise",
        key: "secret_sha256",
        remedy: "give a confidential client 'secret_sha256', and only such a client")
    }
    return client
  }

  private static func isUsableIssuer(_ text: String) -> Bool {
    if text.contains("?") || text.contains("#") { return false }
    return OAuthClient.refusal(ofRedirect: text) == nil
  }
}
