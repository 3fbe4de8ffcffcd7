import Foundation
import HTTPExchange
import JSON
import Testing

@testable import Accounts

/// A folder that the file transport of a provider writes to.
struct Mailbox: Sendable {
  let folder = NSTemporaryDirectory() + "portico-outbox-\(UUID().uuidString)"

  /// A provider whose messages come here.
  func harness(_ change: (inout AccountsSettings) -> Void = { _ in }) async throws
    -> AccountsHarness
  {
    try await AccountsHarness {
      $0.transport = .file
      $0.mailFolder = folder
      change(&$0)
    }
  }

  /// Every message so far, oldest first.
  func messages() throws -> [String] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    return try names.sorted().map { try String(contentsOfFile: "\(folder)/\($0)", encoding: .utf8) }
  }

  /// Delivers what waits.
  func deliver(_ harness: AccountsHarness) async throws {
    try await harness.service.outbox.deliver(secrets: harness.service.secrets)
  }

  /// The eight digits of the newest message once everything is delivered.
  func newestCode(_ harness: AccountsHarness) async throws -> String {
    try await deliver(harness)
    return try #require(try messages().last.flatMap(Self.code))
  }

  /// The eight digits of a message.
  static func code(in message: String) -> String? {
    message.split(whereSeparator: { !$0.isNumber }).map(String.init).last { $0.utf8.count == 8 }
  }

  /// Throws away what came so far.
  func empty() throws {
    for name in (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [] {
      try FileManager.default.removeItem(atPath: "\(folder)/\(name)")
    }
  }

  func remove() { try? FileManager.default.removeItem(atPath: folder) }
}

extension AccountsHarness {
  /// Signs up with an address.
  func signUp(_ name: String, _ email: String) async throws {
    let answer = try await json(
      "signup",
      [
        "username": .string(name), "password": .string(Self.password), "email": .string(email),
      ])
    #expect(answer.status == 201)
  }
}
