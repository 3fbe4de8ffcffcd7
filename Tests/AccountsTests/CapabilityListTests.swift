import HTTPExchange
import Store
import Testing
import Time

@testable import Accounts

/// Document 004's permissions per function: each has a list, and what needs a token reaches its
/// caller's items only. That each list suffices, every other test of this target shows: the harness
/// runs all functions under theirs.
@Suite("Functions' permissions")
struct CapabilityListTests {
  @Test func `each function has a list and each list a function`() async throws {
    let harness = try await AccountsHarness()
    #expect(
      harness.service.handlers().keys.sorted() == AccountsService.capabilities.keys.sorted())
  }

  static let ownOnly = [
    "get-user", "logout", "refresh", "list-sessions", "revoke-session", "revoke-sessions",
    "get-settings", "put-settings",
  ]

  @Test(arguments: ownOnly)
  func `a function with a token sees no other user`(name: String) async throws {
    let list = try #require(AccountsService.capabilities[name])
    let store = CapabilityStore.ofPresentTask(
      try SQLiteStore.inMemory(clock: ManualClock()), refused: { _ in })
    await StoreGrant(name, list, caller: "alice").run {
      for sk in ["PROFILE", "SETTINGS", "SESSION#1", "REFRESH#1", "ACCOUNT", "CODE#reset"] {
        await #expect(throws: StoreError.self) {
          _ = try await store.get(ItemKey("USER#bob", sk))
        }
        await #expect(throws: StoreError.self) {
          try await store.write(.put(Item(ItemKey("USER#alicex", sk))))
        }
      }
      await #expect(throws: StoreError.self) {
        _ = try await store.get(ItemKey("KEYRING", "KEYS"))
      }
    }
  }

  @Test func `a function that acts outside its list is refused and told`() async throws {
    let harness = try await AccountsHarness()
    let handler = try #require(harness.service.handlers()["put-settings"])
    let list = try #require(AccountsService.capabilities["get-settings"])
    var context = RequestContext(requestID: "r", sourceAddress: "192.0.2.1", clock: harness.clock)
    context.identity = Identity(subject: "1", username: "alice")
    let asked = context
    let request = Request(
      method: "PUT", target: RequestTarget(path: "/"),
      headers: HeaderFields([("content-type", "application/json")]), body: Body("{}"))
    await #expect(throws: StoreError.notPermitted("get-settings may not put there")) {
      try await StoreGrant("get-settings", list, caller: "alice").run {
        _ = try await handler.respond(request, asked)
      }
    }
    #expect(harness.log.text.contains("'get-settings' asked to put 'USER#alice' / 'SETTINGS'"))
  }
}
