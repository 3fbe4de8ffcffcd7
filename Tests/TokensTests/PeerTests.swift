import Foundation
import JSON
import TestSupport
import Testing
import Time

@testable import Tokens

/// Tokens of others accepted here, and ours accepted by others; skipped where the Python peers are
/// not installed.
@Suite("Peers")
struct PeerTests {
  static let python = Repository.root.appendingPathComponent(".build-tools/venv/bin/python")

  static let isHere = FileManager.default.isExecutableFile(atPath: python.path)

  /// Runs a script beside this file with text on its standard input; what it prints is JSON.
  static func run(_ script: String, input: JSON = .null) throws -> JSON {
    let process = Process()
    process.executableURL = python
    process.arguments = [
      Repository.root.appendingPathComponent("Tests/TokensTests/Peers/\(script)").path
    ]
    let (stdin, stdout) = (Pipe(), Pipe())
    process.standardInput = stdin
    process.standardOutput = stdout
    try process.run()
    try stdin.fileHandleForWriting.write(contentsOf: Data(input.bytes))
    try stdin.fileHandleForWriting.close()
    let printed = try stdout.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    return try JSON(parsing: printed)
  }

  private func text(_ json: JSON, _ name: String) throws -> String {
    try #require(json[name]?.string, "\(name) is missing")
  }

  @Test(.enabled(if: isHere, "the Python peers are not installed"))
  func `an access token of moto's Cognito is accepted, its ID token is not`() throws {
    let made = try Self.run("moto_tokens.py")
    let keys = try KeySet(jwks: made["jwks"] ?? .null)
    let profile = IssuerProfile.cognito(
      issuers: [try text(made, "issuer")], clients: [try text(made, "client")])
    let now = SystemClock().now()
    let verified = try TokenVerifier(profile).verify(
      try text(made, "access"), keys: keys, now: now)
    #expect(verified.username == "ann")
    #expect(verified.subject.count == 36)
    #expect(verified.expiresAt > now)
    #expect(throws: TokenError.use) {
      try TokenVerifier(profile).verify(try text(made, "id"), keys: keys, now: now)
    }
    let elsewhere = IssuerProfile.cognito(issuers: ["https://elsewhere"], clients: [])
    #expect(throws: TokenError.issuer) {
      try TokenVerifier(elsewhere).verify(try text(made, "access"), keys: keys, now: now)
    }
  }

  @Test(.enabled(if: isHere, "the Python peers are not installed"))
  func `joserfc accepts our tokens by our key set`() throws {
    let algorithms: [SignatureAlgorithm] = [.rs256, .ps256, .es256, .es384, .es512, .edDSA]
    let keys = try algorithms.map { try #require(SigningKey.generate($0)) }
    let tokens = try zip(keys, algorithms).map { key, algorithm in
      JSON.string(try #require(key.sign(["sub": .string(algorithm.rawValue)], type: "at+jwt")))
    }
    let set = KeySet(keys.compactMap(\.verificationKey))
    let subjects = try Self.run(
      "joserfc_verify.py", input: ["jwks": set.document, "tokens": .array(tokens)])
    #expect(subjects == .array(algorithms.map { .string($0.rawValue) }))
  }
}
