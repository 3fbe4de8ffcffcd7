import Cryptography
import Synchronization

/// Signing keys by day and scope: four HMACs once a day instead of once a request.
package final class SigningKeyCache: Sendable {
  private struct Scope: Hashable {
    let day: String
    let region: String
    let service: String
    let accessKeyID: String
    /// Two secrets under one id happen in tests and after a rotation gone wrong.
    let secret: String
  }

  /// One process speaks to few services; whoever exceeds this starts afresh.
  private static let capacity = 16

  private let keys = Mutex<[Scope: [UInt8]]>([:])

  package init() {}

  func signature(
    of text: [UInt8], signer: SigV4, day: String, credentials: Credentials
  ) -> String {
    let key = key(signer: signer, day: day, credentials: credentials)
    return HMAC.sha256(key: key, text).hex
  }

  private func key(signer: SigV4, day: String, credentials: Credentials) -> [UInt8] {
    let scope = Scope(
      day: day, region: signer.region, service: signer.service,
      accessKeyID: credentials.accessKeyID, secret: credentials.secretAccessKey)
    if let known = keys.withLock({ $0[scope] }) { return known }
    var key = Array("AWS4\(credentials.secretAccessKey)".utf8)
    for part in [day, signer.region, signer.service, "aws4_request"] {
      key = HMAC.sha256(key: key, Array(part.utf8)).bytes
    }
    let derived = key
    keys.withLock { keys in
      if keys.count >= Self.capacity { keys.removeAll() }
      keys[scope] = derived
    }
    return derived
  }
}
