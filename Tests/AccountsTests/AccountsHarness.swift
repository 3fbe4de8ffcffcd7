import Cryptography
import Diagnostics
import HTTPExchange
import JSON
import NIOCore
import Settings
import Store
import Synchronization
import Testing
import Time
import Tokens

@testable import Accounts

/// A provider over the real store in memory, a clock that the test moves, and cheap hashes.
struct AccountsHarness {
  static let origin = "http://localhost:8080"
  static let password = "correct horse battery staple"

  let clock: ManualClock
  /// What the tests look into; the service has it through its functions' capability lists.
  let store: any ItemStore
  let service: AccountsService
  let log: LogSink

  /// - Parameters:
  ///   - masterKey: the key of a provider that makes its own signing key; without one the harness
  ///     brings a key that was made once, since making one takes longer than most tests.
  init(
    store: (any ItemStore)? = nil, masterKey: MasterKey? = nil, clock: ManualClock? = nil,
    cost: ScryptCost = ScryptCost(ln: 10, r: 8, p: 1),
    change: (inout AccountsSettings) -> Void = { _ in }
  ) async throws {
    let clock = clock ?? ManualClock()
    self.clock = clock
    self.store = try store ?? SQLiteStore.inMemory(clock: clock)
    var settings = AccountsSettings(origin: Self.origin)
    settings.signInBudget = .zero
    settings.attemptsBurst = 1000
    change(&settings)
    let log = LogSink()
    self.log = log
    let isBare = masterKey == nil && store == nil
    if isBare { try await ReadyKeys.put(into: self.store) }
    service = AccountsService(
      store: ListedStore(self.store, log), masterKey: masterKey ?? ReadyKeys.masterKey,
      settings: settings,
      clock: clock, cost: cost,
      log: { log.append($0) })
    let service = service
    try await AccountsService.jobs.run { try await service.start() }
  }

  /// Calls a function by its name.
  func call(
    _ name: String, method: String = "POST", path: String = "/", query: String? = nil,
    headers: [(String, String)] = [], body: String = "", bytes: [UInt8]? = nil,
    identity: Identity? = nil, parameters: [(name: String, value: String)] = [],
    address: String = "192.0.2.1"
  ) async throws -> Response {
    let handler = try #require(service.handlers()[name], "no function \(name)")
    let request = Request(
      method: method, target: RequestTarget(path: path, query: query),
      authority: "localhost:8080", headers: HeaderFields(headers),
      body: bytes.map { Body($0) } ?? (body.isEmpty ? .empty : Body(body)))
    var context = RequestContext(requestID: "test", sourceAddress: address, clock: clock)
    context.identity = identity
    context.pathParameters = parameters
    let list = try #require(AccountsService.capabilities[name], "\(name) has no list")
    let asked = context
    return try await StoreGrant(name, list, caller: identity?.username).run {
      try await handler.respond(request, asked)
    }
  }

  /// A POST of JSON.
  func json(_ name: String, _ body: JSON, identity: Identity? = nil, address: String = "192.0.2.1")
    async throws -> Response
  {
    try await call(
      name, headers: [("content-type", "application/json")], body: body.text, identity: identity,
      address: address)
  }

  /// What the gateway makes of a token: nil when it refuses it.
  func identity(_ token: String) -> Identity? {
    let profile = IssuerProfile(issuers: [Self.origin], audiences: ["portico-api"])
    guard
      let verified = try? TokenVerifier(profile).verify(
        token, keys: service.keySet, now: clock.now()),
      !service.revocations.isRevoked(
        subject: verified.subject, sessionID: verified.sessionID, tokenID: verified.tokenID,
        issuedAt: verified.issuedAt)
    else { return nil }
    return Identity(
      subject: verified.subject, username: verified.username, sessionID: verified.sessionID,
      tokenID: verified.tokenID, scopes: verified.scopes, claims: verified.claims)
  }

  /// Signs up and in; the token.
  func signedIn(_ name: String = "alice", password: String = Self.password) async throws -> String {
    let up = try await json(
      "signup", ["username": .string(name), "password": .string(password)])
    #expect(up.status == 201 || up.status == 409)
    let answer = try await json(
      "login", ["username": .string(name), "password": .string(password)])
    #expect(answer.status == 200)
    return try #require(answer.json["token"]?.string)
  }
}

/// The store under the capability list of whichever function asks; what a test itself asks for is
/// not limited.
private struct ListedStore: ItemStore {
  private let whole: any ItemStore
  private let limited: CapabilityStore

  init(_ store: any ItemStore, _ log: LogSink) {
    whole = store
    limited = .ofPresentTask(store) { log.append($0.diagnostic.message) }
  }

  private var store: any ItemStore { StoreGrant.current == nil ? whole : limited }

  func get(_ key: ItemKey) async throws -> Item? { try await store.get(key) }
  func batchGet(_ keys: [ItemKey]) async throws -> [Item?] { try await store.batchGet(keys) }
  func query(_ query: Query) async throws -> Page { try await store.query(query) }
  func write(_ write: Write) async throws -> Item? { try await store.write(write) }
  func transact(_ writes: [Write]) async throws { try await store.transact(writes) }
}

/// What the service logged.
final class LogSink: Sendable {
  private let lines = Mutex<[String]>([])

  func append(_ line: String) { lines.withLock { $0.append(line) } }
  var text: String { lines.withLock { $0.joined(separator: "\n") } }
}

extension Response {
  /// The body as text.
  var text: String { body.buffer.map { String(buffer: $0) } ?? "" }

  /// The body as JSON, or null.
  var json: JSON { (try? JSON(parsing: text)) ?? .null }
}

/// Signing keys that were made once for all tests.
enum ReadyKeys {
  static let masterKey = MasterKey.random()

  /// Writes the keys as a provider that started before would have left them.
  static func put(into store: any ItemStore) async throws {
    for item in try await items.value { try await store.write(.put(item)) }
  }

  /// One task for all: tests that begin together must not each make a key.
  private static let items = Task<[Item], any Error> {
    let clock = ManualClock()
    let store = try SQLiteStore.inMemory(clock: clock)
    let service = AccountsService(
      store: store, masterKey: masterKey, settings: AccountsSettings(origin: "http://x"),
      clock: clock, log: { _ in })
    try await service.start()
    service.stop()
    var items: [Item] = []
    let ids = service.keys.scheduleEntries.map { KeyRing.itemKey($0.id) }
    for key in [KeyRing.ringKey] + ids {
      items += try await store.get(key).map { [$0] } ?? []
    }
    return items
  }
}
