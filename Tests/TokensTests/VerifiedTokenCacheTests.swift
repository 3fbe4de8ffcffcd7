import JSON
import Testing
import Time

@testable import Tokens

@Suite("Cache of verified tokens")
struct VerifiedTokenCacheTests {
  let clock = ManualClock()

  private func verified(seconds: Int = 600, subject: String = "s") -> VerifiedToken {
    VerifiedToken(
      claims: [:], subject: subject, username: "u", scopes: [], sessionID: nil, tokenID: nil,
      issuedAt: nil, expiresAt: clock.now() + .seconds(seconds), keyID: nil)
  }

  private func found(
    _ cache: VerifiedTokenCache, _ text: String, generation: Int = 1, leeway: Int = 0
  ) -> VerifiedToken? {
    cache.find(text, generation: generation, leewaySeconds: leeway, now: clock.now())
  }

  @Test func `a hit is the same token`() {
    let cache = VerifiedTokenCache()
    let token = verified()
    cache.insert("header.payload.signature", token, generation: 1, now: clock.now())
    #expect(found(cache, "header.payload.signature") === token)
    #expect(found(cache, "Header.payload.signature") == nil)
    #expect(found(cache, "header.payload.signature ") == nil)
    #expect(found(cache, "") == nil)
  }

  /// `String`'s equality would find the Kelvin sign equal to K.
  @Test func `the key is the exact bytes`() {
    let cache = VerifiedTokenCache()
    cache.insert("K.payload.signature", verified(), generation: 1, now: clock.now())
    #expect("K.payload.signature" == "\u{212A}.payload.signature")
    #expect(found(cache, "\u{212A}.payload.signature") == nil)
  }

  @Test func `another key set means another look`() {
    let cache = VerifiedTokenCache()
    cache.insert("token-token", verified(), generation: 1, now: clock.now())
    #expect(found(cache, "token-token", generation: 2) == nil)
    cache.insert("token-token", verified(), generation: 2, now: clock.now())
    #expect(found(cache, "token-token", generation: 2) != nil)
    #expect(cache.count == 1)
  }

  @Test func `nothing is remembered for more than a minute`() {
    let cache = VerifiedTokenCache()
    cache.insert("token-token", verified(), generation: 1, now: clock.now())
    clock.advance(by: .seconds(59))
    #expect(found(cache, "token-token") != nil)
    clock.advance(by: .seconds(1))
    #expect(found(cache, "token-token") == nil)
  }

  @Test func `the expiry is asked again at every hit, with the profile's leeway`() {
    let cache = VerifiedTokenCache()
    cache.insert("token-token", verified(seconds: 30), generation: 1, now: clock.now())
    #expect(found(cache, "token-token") != nil)
    clock.advance(by: .seconds(30))
    #expect(found(cache, "token-token") == nil)
    #expect(found(cache, "token-token", leeway: 10) != nil)
    clock.advance(by: .seconds(10))
    #expect(found(cache, "token-token", leeway: 10) == nil)
  }

  @Test func `long tokens are not remembered`() {
    let cache = VerifiedTokenCache()
    for length in [4_096, 4_097] {
      let text = String(repeating: "a", count: length)
      cache.insert(text, verified(), generation: 1, now: clock.now())
      #expect((found(cache, text) != nil) == (length == 4_096))
    }
  }

  @Test func `memory is bounded and the oldest goes first`() {
    let cache = VerifiedTokenCache(most: 64)
    for index in 0..<10_000 {
      cache.insert("token-number-\(index)", verified(), generation: 1, now: clock.now())
    }
    #expect(cache.count <= 64)
    #expect(found(cache, "token-number-9999") != nil)
    #expect(found(cache, "token-number-0") == nil)
    cache.removeAll()
    #expect(cache.count == 0)
    #expect(found(cache, "token-number-9999") == nil)
  }

  @Test func `many tasks at once see only what was entered`() async {
    let cache = VerifiedTokenCache(most: 256)
    let clock = clock
    await withTaskGroup(of: Void.self) { group in
      for task in 0..<8 {
        group.addTask {
          for index in 0..<2_000 {
            let text = "token-\(index % 300)"
            if let token = cache.find(text, generation: 1, leewaySeconds: 0, now: clock.now()) {
              #expect(token.subject == text)
            } else {
              let token = VerifiedToken(
                claims: [:], subject: text, username: "\(task)", scopes: [], sessionID: nil,
                tokenID: nil, issuedAt: nil, expiresAt: clock.now() + .seconds(60), keyID: nil)
              cache.insert(text, token, generation: 1, now: clock.now())
            }
          }
        }
      }
    }
    #expect(cache.count <= 256)
  }
}
