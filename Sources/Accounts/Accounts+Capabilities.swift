import Store

/// What each function of the provider may do in the store: document 004's permissions per function,
/// line by line. What signs somebody in cannot know who it is yet, so it may look up any account;
/// what needs a token reaches its caller's own items only.
extension AccountsService {
  /// Function name → its list. An empty one is a function that needs no store.
  package static let capabilities: [String: [Capability]] = [
    // Document 004's own three.
    "signup": accountMaking + messages(anyone) + audit,
    "login": signIn,
    "get-user": profile(.own("USER#")),
    "logout": endings(.own("USER#")) + audit,
    "refresh": profile(.own("USER#")) + sessionUse(.own("USER#")) + revocation,
    "list-sessions": [Capability([.query], pk: .own("USER#"), sk: .prefix("SESSION#"))],
    "revoke-session": endings(.own("USER#")) + audit,
    "revoke-sessions": endings(.own("USER#")) + profileChange(.own("USER#")) + audit,
    "get-settings": [Capability([.get], pk: .own("USER#"), sk: .exact("SETTINGS"))],
    "put-settings": [Capability([.put], pk: .own("USER#"), sk: .exact("SETTINGS"))],
    "change-password": names + locks + profileChange(.own("USER#")) + endings(.own("USER#"))
      + messages(.own("USER#")) + audit,
    "confirm-user": confirmation,
    "resend-confirmation": names + messages(anyone) + audit,
    "forgot-password": names + messages(anyone) + audit,
    "confirm-forgot-password": reset,
    // OAuth and OpenID Connect.
    "authorize": browserSession + authorization + audit,
    "token": profile(anyone) + sessionUse(anyone) + endings(anyone) + audit + messages(anyone) + [
      Capability([.get, .update], pk: .prefix("CODE#"), sk: .exact("CODE")),
      Capability([.get, .put, .update], pk: anyone, sk: .prefix("REFRESH#")),
      Capability([.get, .put], pk: .prefix("RFAM#"), sk: .exact("OWNER")),
    ],
    "revoke": familyEnd(anyone) + revocation + audit + [
      Capability([.get], pk: anyone, sk: .prefix("REFRESH#")),
      Capability([.get], pk: .prefix("RFAM#"), sk: .exact("OWNER")),
    ],
    "userinfo": profile(anyone),
    "introspect": [],
    "oidc-configuration": [],
    "jwks": [],
    // The hosted pages.
    "login-page": signIn + browserSession + authorization,
    "signup-page": accountMaking + signIn + browserSession + authorization + messages(anyone),
    "confirm-user-page": confirmation,
    "forgot-password-page": names + messages(anyone) + audit,
    "confirm-forgot-password-page": reset,
    "logout-page": browserSession + endings(anyone) + audit,
    "error-page": [],
    "hosted-stylesheet": [],
  ]

  /// What `start()` and `run()` may do: keys, messages, and what has been revoked.
  package static let jobs = StoreGrant(
    "accounts",
    audit + [
      Capability([.get, .put], pk: .exact("KEYRING"), sk: .exact("KEYS")),
      Capability([.get, .put], pk: .exact("KEYRING"), sk: .exact("REFRESH")),
      Capability([.get, .put, .update, .delete], pk: .prefix("KEY#"), sk: .exact("KEY")),
      Capability([.query], pk: .prefix("REVOKED#")),
      Capability([.query, .update, .delete], pk: .exact("OUTBOX#0")),
    ])

  private static let anyone = Capability.Pattern.prefix("USER#")

  /// The security log: it is added to, never changed.
  private static let audit = [
    Capability([.get, .put], pk: .exact("AUDIT"), sk: .exact("HEAD")),
    Capability([.put], pk: .prefix("AUDIT#")),
  ]

  private static let revocation = [Capability([.put], pk: .prefix("REVOKED#"))]

  private static let locks = [
    Capability([.get, .put, .delete], pk: .prefix("LOCK#"), sk: .exact("LOCK"))
  ]

  private static let names =
    profile(anyone) + [Capability([.get], pk: .prefix("UNIQ#EMAIL#"), sk: .exact("UNIQ"))]

  private static let accountMaking =
    names + [
      Capability([.put], pk: anyone, sk: .exact("PROFILE")),
      Capability([.put], pk: .prefix("SUB#"), sk: .exact("UNIQ")),
      Capability([.put], pk: .prefix("UNIQ#EMAIL#"), sk: .exact("UNIQ")),
    ]

  private static let confirmation =
    names + profileChange(anyone) + messages(anyone) + audit + [
      Capability([.put], pk: .prefix("UNIQ#EMAIL#"), sk: .exact("UNIQ"))
    ]

  private static let reset =
    names + profileChange(anyone) + endings(anyone) + locks + messages(anyone) + audit + [
      // Whether the code that was tried is still there once the password has been hashed.
      Capability([.get], pk: anyone, sk: .exact("CODE#RESET"))
    ]

  /// Name and password become a session; the oldest of too many ends.
  private static let signIn =
    names + locks + profileChange(anyone) + endings(anyone) + audit + [
      Capability([.put], pk: anyone, sk: .prefix("SESSION#")),
      Capability([.put], pk: .prefix("COOKIE#"), sk: .exact("SESSION")),
    ]

  private static let browserSession =
    profile(anyone) + sessionUse(anyone) + [
      Capability([.get, .delete], pk: .prefix("COOKIE#"), sk: .exact("SESSION"))
    ]

  private static let authorization = [
    Capability([.get, .put], pk: anyone, sk: .prefix("CONSENT#")),
    Capability([.put], pk: .prefix("CODE#"), sk: .exact("CODE")),
  ]

  private static func profile(_ user: Capability.Pattern) -> [Capability] {
    [Capability([.get], pk: user, sk: .exact("PROFILE"))]
  }

  private static func profileChange(_ user: Capability.Pattern) -> [Capability] {
    [Capability([.get, .update], pk: user, sk: .exact("PROFILE"))]
  }

  private static func sessionUse(_ user: Capability.Pattern) -> [Capability] {
    [Capability([.get, .update], pk: user, sk: .prefix("SESSION#"))]
  }

  /// Ends sessions with their refresh families, cookies and tokens.
  private static func endings(_ user: Capability.Pattern) -> [Capability] {
    revocation + familyEnd(user) + [
      Capability([.get, .query, .delete], pk: user, sk: .prefix("SESSION#")),
      Capability([.query], pk: user, sk: .prefix("REFRESH#")),
      Capability([.delete], pk: .prefix("COOKIE#"), sk: .exact("SESSION")),
    ]
  }

  private static func familyEnd(_ user: Capability.Pattern) -> [Capability] {
    [
      Capability([.delete], pk: user, sk: .prefix("REFRESH#")),
      Capability([.delete], pk: .prefix("RFAM#"), sk: .exact("OWNER")),
    ]
  }

  /// Confirmation codes and the mail that carries them.
  private static func messages(_ user: Capability.Pattern) -> [Capability] {
    [
      Capability([.put, .update, .delete], pk: user, sk: .prefix("CODE#")),
      Capability([.put], pk: .exact("OUTBOX#0")),
    ]
  }
}
