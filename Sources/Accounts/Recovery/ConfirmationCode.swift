import JSON
import Store
import Time

/// A code that was sent to somebody: eight digits, ten minutes, five tries, the newest wins
/// (ASVS 6.5.5). Only its MAC is stored, bound to its flow, its account and its address.
struct ConfirmationCode: Sendable {
  enum Flow: String, Sendable {
    case confirmEmail = "EMAIL"
    case resetPassword = "RESET"
  }

  static let digits = 8
  static let lifetime: Duration = .seconds(600)
  static let tries = 5

  let secrets: AccountSecrets

  static func key(_ flow: Flow, _ username: String) -> ItemKey {
    ItemKey("USER#\(username)", "CODE#\(flow.rawValue)")
  }

  /// The item of a new code.
  func item(_ flow: Flow, _ username: String, _ email: String, code: String, now: Timestamp)
    -> Item
  {
    Item(
      Self.key(flow, username),
      JSONObject([
        ("type", "confirmation"), ("email", .string(email)),
        ("mac", .string(mac(flow, username, email, code))), ("tries", .int(Self.tries)),
      ]), expiresAt: now + Self.lifetime)
  }

  /// Whether the code is the one of the item.
  func matches(_ item: Item, _ flow: Flow, _ username: String, code: String) -> Bool {
    guard let email = item["email"]?.string, let stored = item["mac"]?.string else { return false }
    return Opaque.equal(stored, mac(flow, username, email, code))
  }

  /// The digits of what somebody typed, blanks and hyphens aside.
  static func typed(_ text: String) -> String? {
    let code = text.filter { $0 != " " && $0 != "-" }
    let isCode = code.utf8.count == digits && code.utf8.allSatisfy { (48...57).contains($0) }
    return isCode ? code : nil
  }

  private func mac(_ flow: Flow, _ username: String, _ email: String, _ code: String) -> String {
    secrets.mac(.code, flow.rawValue, username, email, code)
  }
}
