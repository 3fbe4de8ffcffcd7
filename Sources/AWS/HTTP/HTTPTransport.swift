/// One field of a request or an answer.
package struct HeaderField: Sendable, Hashable {
  /// Name as sent; compared without regard to case.
  package var name: String
  /// Value without line breaks.
  package var value: String

  package init(_ name: String, _ value: String) {
    self.name = name
    self.value = value
  }
}

/// One parameter of a query, decoded.
package struct QueryItem: Sendable, Hashable {
  /// Name before encoding.
  package var name: String
  /// Value before encoding; empty when the parameter has none.
  package var value: String

  package init(_ name: String, _ value: String = "") {
    self.name = name
    self.value = value
  }
}

/// One request as it goes on the wire: each byte of path and query is what was signed.
package struct HTTPRequest: Sendable {
  package var method: String
  /// `https`, or `http` for a local endpoint.
  package var scheme: String
  /// The `Host` field: with the port unless it is the scheme's own.
  package var host: String
  /// Percent-encoded path, from its first slash.
  package var path: String
  /// Parameters, decoded; sent in canonical order and encoding.
  package var query: [QueryItem]
  package var headers: [HeaderField]
  package var body: [UInt8]
  /// Lower-case hexadecimal SHA-256 of the body.
  package var payloadHash: String

  package init(
    method: String, scheme: String = "https", host: String, path: String,
    query: [QueryItem] = [], headers: [HeaderField] = [], body: [UInt8] = [],
    payloadHash: String = HTTPRequest.emptyHash
  ) {
    self.method = method
    self.scheme = scheme
    self.host = host
    self.path = path
    self.query = query
    self.headers = headers
    self.body = body
    self.payloadHash = payloadHash
  }

  /// SHA-256 of nothing.
  package static let emptyHash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

  /// The address, with the query in canonical form.
  package var url: String {
    var out = Array("\(scheme)://\(host)\(path)".utf8)
    if !query.isEmpty {
      out.append(UInt8(ascii: "?"))
      CanonicalRequest.append(query, to: &out)
    }
    return String(decoding: out, as: UTF8.self)
  }
}

/// An answer, whole.
package struct HTTPResponse: Sendable {
  package var status: Int
  package var headers: [HeaderField]
  package var body: [UInt8]

  package init(status: Int, headers: [HeaderField] = [], body: [UInt8] = []) {
    self.status = status
    self.headers = headers
    self.body = body
  }

  /// The body as text.
  package var text: String { String(decoding: body, as: UTF8.self) }

  /// The first field of that name, which is given in lower case.
  package func header(_ name: String) -> String? {
    headers.first { $0.name.lowercased() == name }?.value
  }
}

/// Why no whole answer came.
package enum TransportError: Error, Sendable, Hashable {
  /// No connection: refused, no route, no such name, TLS not agreed.
  case unreachable(String)
  /// The time is up.
  case timedOut
  /// The connection ended before the answer did.
  case lost(String)
  /// The answer is longer than the caller allows.
  case tooLong(limit: Int)
  /// The task was cancelled.
  case cancelled

  /// What happened, as the end of a sentence whose subject is the host.
  package var reason: String {
    switch self {
    case .unreachable(let why): "cannot be reached: \(why)"
    case .timedOut: "did not answer in time"
    case .lost(let why): "ended the connection: \(why)"
    case .tooLong(let limit): "answered more than \(limit) bytes"
    case .cancelled: "was not waited for: the work was cancelled"
    }
  }
}

/// Sends requests; the only door to the network, and a closure in tests.
package protocol HTTPTransport: Sendable {
  /// Sends exactly this and collects the answer.
  ///
  /// - Parameter bodyLimit: bytes of the answer's body beyond which it is refused.
  func send(
    _ request: HTTPRequest, bodyLimit: Int, timeout: Duration
  ) async throws(TransportError) -> HTTPResponse
}
