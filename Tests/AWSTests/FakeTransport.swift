import Synchronization

@testable import AWS

/// A transport that is a closure and remembers what it was asked.
final class FakeTransport: HTTPTransport {
  typealias Answer = @Sendable (HTTPRequest, Int) throws(TransportError) -> HTTPResponse

  private let seen = Mutex<[HTTPRequest]>([])
  private let answer: Answer

  /// The closure gets the request and how many came before it.
  init(_ answer: @escaping Answer) { self.answer = answer }

  var requests: [HTTPRequest] { seen.withLock { $0 } }

  func send(
    _ request: HTTPRequest, bodyLimit: Int, timeout: Duration
  ) async throws(TransportError) -> HTTPResponse {
    let position = seen.withLock { seen in
      seen.append(request)
      return seen.count - 1
    }
    return try answer(request, position)
  }
}

extension HTTPResponse {
  static func text(_ status: Int, _ text: String, _ headers: [(String, String)] = [])
    -> HTTPResponse
  {
    HTTPResponse(
      status: status, headers: headers.map { HeaderField($0.0, $0.1) },
      body: Array(text.utf8))
  }

  static func error(_ status: Int, _ code: String, extra: String = "") -> HTTPResponse {
    .text(status, "<?xml version=\"1.0\"?><Error><Code>\(code)</Code>\(extra)</Error>")
  }
}

extension HTTPRequest {
  func field(_ name: String) -> String? { headers.first { $0.name == name }?.value }

  var text: String { String(decoding: body, as: UTF8.self) }
}

/// Credentials that are already there.
struct FixedCredentials: CredentialProvider {
  var value: Credentials? = Credentials(
    accessKeyID: "AKIDEXAMPLE", secretAccessKey: "secret", source: "the test")

  func credentials() -> Credentials? { value }
}
