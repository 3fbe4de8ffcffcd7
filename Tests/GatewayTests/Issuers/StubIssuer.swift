import JSON
import NIOCore
import NIOPosix
import Synchronization
import Tokens

@testable import Gateway

/// An OIDC issuer on a socket of loopback: what each path answers is a test's to say.
final class StubIssuer: Sendable {
  private let server: LoopbackServer
  private let pages: Pages

  var group: MultiThreadedEventLoopGroup { server.group }
  var port: Int { server.port }

  /// Its `iss`.
  var url: String { "http://127.0.0.1:\(port)" }
  var keySetURL: String { "\(url)/jwks" }

  init() async throws {
    let pages = Pages()
    self.pages = pages
    server = try await LoopbackServer { request, channel in
      let path = request.split(separator: " ").dropFirst().first.map(String.init) ?? ""
      guard let answer = pages.answer(to: path) else { return channel.close(promise: nil) }
      if !answer.isEmpty { channel.send(answer) }
    }
  }

  func stop() async throws { try await server.stop() }

  /// Requests of a path so far.
  func asked(_ path: String = "/jwks") -> Int { pages.state.withLock { $0.asked[path] ?? 0 } }

  /// Answers a path with bytes as they are; nil closes without an answer, "" says nothing.
  func put(_ path: String, raw: String?) { pages.state.withLock { $0.texts[path] = raw } }

  /// Answers a path with a document.
  func put(_ path: String, _ body: String, status: String = "200 OK", fields: String = "") {
    put(
      path,
      raw: "HTTP/1.1 \(status)\r\ncontent-length: \(body.utf8.count)\r\n\(fields)\r\n\(body)")
  }

  /// Discovery and keys as an honest issuer has them.
  func publish(_ keys: SigningKey..., others: [JSON] = []) {
    let document: JSON = [
      "keys": .array(others + keys.compactMap { $0.publicKey.publicJSON })
    ]
    put("/jwks", document.text, fields: "cache-control: public, max-age=600\r\n")
    discovery(issuer: url, keySetURL: keySetURL)
  }

  func discovery(issuer: String, keySetURL: String) {
    let document: JSON = ["issuer": .string(issuer), "jwks_uri": .string(keySetURL)]
    put("/.well-known/openid-configuration", document.text)
  }

  /// What is answered and what was asked.
  private final class Pages: Sendable {
    struct State {
      var texts: [String: String] = [:]
      var asked: [String: Int] = [:]
    }

    let state = Mutex(State())

    func answer(to path: String) -> String? {
      state.withLock { state in
        state.asked[path, default: 0] += 1
        return state.texts[path]
      }
    }
  }
}
