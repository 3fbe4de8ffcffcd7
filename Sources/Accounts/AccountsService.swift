import Diagnostics
import HTTPExchange
import JSON
import Store
import Time
import Tokens

/// The parts of the provider and what they share; its handlers stand in the folders beside it.
package final class AccountsService: Sendable {
  let store: any ItemStore
  let settings: AccountsSettings
  let clock: any TimeSource
  let secrets: AccountSecrets
  let keys: KeyRing
  let refreshKeys: RefreshKeys
  let tokens: TokenIssuer
  let hasher: PasswordHasher
  let policy: PasswordPolicy
  let signInGuard: SignInGuard
  let signInBuckets: AddressBuckets
  let signUpBuckets: AddressBuckets
  let recoveryBuckets: AddressBuckets
  /// Messages to one account: a few at once, then one a minute.
  let recoveryNames = AddressBuckets(AddressBuckets.Rate(burst: 3, perMinute: 1))
  let outbox: Outbox
  package let audit: AuditLog
  private let revoked: Revocations

  /// Makes the provider; nothing is read or written before `start()`.
  package convenience init(
    store: any ItemStore, masterKey: MasterKey, settings: AccountsSettings, clock: any TimeSource,
    log: @escaping @Sendable (String) -> Void
  ) {
    self.init(
      store: store, masterKey: masterKey, settings: settings, clock: clock, cost: .current,
      log: log)
  }

  init(
    store: any ItemStore, masterKey: MasterKey, settings: AccountsSettings, clock: any TimeSource,
    cost: ScryptCost, log: @escaping @Sendable (String) -> Void
  ) {
    self.store = store
    self.settings = settings
    self.clock = clock
    secrets = AccountSecrets(master: masterKey)
    audit = AuditLog(store: store, clock: clock)
    let longestToken = max(settings.signInLifetime, settings.accessLifetime)
    keys = KeyRing(
      store: store, secrets: secrets, clock: clock, longestToken: longestToken, audit: audit)
    // A refresh token dies of age or idleness; its successor's grace comes on top.
    refreshKeys = RefreshKeys(
      store: store, secrets: secrets, clock: clock, audit: audit,
      longestToken: min(settings.refreshLifetime, settings.refreshIdle) + .seconds(3600))
    tokens = TokenIssuer(issuer: settings.issuer, audience: settings.audience, keys: keys)
    let pool = PasswordPool(
      threads: settings.passwordThreads, queue: settings.passwordQueue,
      deadline: settings.passwordDeadline, clock: clock)
    hasher = PasswordHasher(pool: pool, cost: cost, legacySalt: settings.legacySalt)
    policy = PasswordPolicy(
      minimumCharacters: settings.passwordMinimumCharacters,
      contextWords: [settings.serviceName, "portico"])
    signInGuard = SignInGuard(store: store)
    let rate = AddressBuckets.Rate(
      burst: settings.attemptsBurst, perMinute: settings.attemptsPerMinute)
    signInBuckets = AddressBuckets(rate)
    signUpBuckets = AddressBuckets(rate)
    recoveryBuckets = AddressBuckets(rate)
    outbox = Outbox(store: store, clock: clock, settings: settings, log: log)
    revoked = Revocations(store: store, clock: clock, longestToken: longestToken)
  }

  /// What the gateway asks at every token.
  package var revocations: any RevocationCheck { revoked }
  var revocationList: Revocations { revoked }

  /// The keys to verify our tokens with, as they are now: rotation changes them.
  package var keySet: KeySet { keys.keySet }

  /// Loads the keys, making the first one, and what has been revoked.
  package func start() async throws {
    try await keys.start()
    try await refreshKeys.start()
    try await revoked.load()
  }

  /// Replaces the keys of all tokens, as after a leak: whatever was made before is refused.
  package func rotateKeysInEmergency() async throws {
    try await keys.rotateInEmergency()
    try await refreshKeys.rotateInEmergency()
  }

  /// Rotates keys and delivers messages until the task is cancelled.
  package func run() async {
    await withDiscardingTaskGroup { group in
      group.addTask { await self.outbox.run(secrets: self.secrets) }
      group.addTask { await self.keys.run() }
      group.addTask { await self.refreshKeys.run() }
    }
  }

  /// Ends the password threads; later sign-ins are refused.
  package func stop() { hasher.pool.stop() }

  /// The handlers by the names of functions in the OpenAPI documents.
  package func handlers() -> [String: any Handler] {
    var handlers: [String: any Handler] = [:]
    for (name, function) in apiFunctions + providerFunctions + pageFunctions {
      handlers[name] = FunctionHandler { request, context in
        try await Self.answering(context) { try await function(request, context) }
      }
    }
    return handlers
  }

  typealias Function = @Sendable (Request, RequestContext) async throws -> Response

  /// Turns the refusals that every function may throw into answers.
  static func answering(
    _ context: RequestContext, _ work: () async throws -> Response
  ) async throws -> Response {
    do {
      return try await work()
    } catch let problem as Problem {
      return problem.response(requestID: context.requestID)
    } catch let error as OAuthError {
      return error.response
    } catch let overloaded as PasswordPool.Overloaded {
      return Self.busy(after: overloaded.retryAfter).response(requestID: context.requestID)
    } catch StoreError.busy, StoreError.conflict {
      return Self.busy(after: .seconds(1)).response(requestID: context.requestID)
    }
  }

  private static func busy(after wait: Duration) -> Problem {
    Problem(
      status: 503, error: "busy", message: "Too many sign-ins at once; try again soon",
      headers: HeaderFields([("retry-after", String(max(1, wait.components.seconds)))]))
  }

  /// The 429 of buckets and locks; the same for names with and without an account.
  static func tooMany(after wait: Duration) -> Problem {
    let seconds = Int(wait.components.seconds) + (wait.components.attoseconds > 0 ? 1 : 0)
    return Problem(
      status: 429, error: "too_many_attempts", message: "Too many attempts; try again later",
      headers: HeaderFields([("retry-after", String(max(1, seconds)))]))
  }
}
