import JSON
import NIOCore
import Time

/// An answer, with notes for the log that never reach the client.
package struct Response: Sendable {
  package var status: Int
  package var headers: HeaderFields
  package var body: Body
  /// A head serialized beforehand, which wins over `status` and `headers` when set.
  package var prepared: PreparedHead?
  /// Status line and first fields as bytes, a date among them; `headers` are the fields after them.
  package var opening: ByteBuffer?
  /// What the access log says beyond the message.
  package var notes: ResponseNotes

  package init(
    status: Int, headers: HeaderFields = HeaderFields(), body: Body = .empty,
    notes: ResponseNotes = ResponseNotes()
  ) {
    self.status = status
    self.headers = headers
    self.body = body
    self.notes = notes
    prepared = nil
    opening = nil
  }

  /// An answer with a JSON body.
  package init(status: Int = 200, json: JSON, headers: HeaderFields = HeaderFields()) {
    var fields = headers
    if !fields.contains("content-type") { fields.append("content-type", "application/json") }
    self.init(status: status, headers: fields, body: Body(json.bytes))
  }

  /// An answer with a text body of the given media type.
  package init(status: Int = 200, text: String, contentType: String = "text/plain; charset=utf-8") {
    self.init(
      status: status, headers: HeaderFields([("content-type", contentType)]), body: Body(text))
  }

  /// A redirect.
  package init(redirect location: String, status: Int = 303) {
    self.init(status: status, headers: HeaderFields([("location", location)]))
  }
}

/// Status line and fields made into bytes at load, ending before the fields that vary per answer
/// (`date`, `connection`) and the empty line.
package struct PreparedHead: Sendable {
  /// `HTTP/1.1 200 OK\r\n…` with `content-length`, each line ended by CRLF.
  package let bytes: ByteBuffer

  package init(status: Int, headers: HeaderFields, length: Int?) {
    var buffer = ByteBuffer()
    buffer.writeString("HTTP/1.1 \(status) \(ReasonPhrase.of(status))\r\n")
    for field in headers.fields { buffer.writeString("\(field.name): \(field.value)\r\n") }
    if let length { buffer.writeString("content-length: \(length)\r\n") }
    bytes = buffer
  }
}

/// What the access log says beyond the message: values flow up with the answer.
package struct ResponseNotes: Sendable {
  /// The route's key, such as `POST /buy`.
  package var routeKey: String = ""
  /// The stage under which it was reached.
  package var stage: String = ""
  /// `hit`, `miss`, `stale` … as `Cache-Status` tells.
  package var cache: String = ""
  /// Why the gateway refused, for the operator.
  package var error: String = ""
  /// AWS's response type, such as `UNAUTHORIZED`.
  package var errorType: String = ""
  /// The verified subject.
  package var subject: String = ""
  /// Time inside the integration.
  package var integrationLatency: Duration?
  /// The integration's own status.
  package var integrationStatus: Int?
  /// The verified claims, for `$context.authorizer.claims.NAME`; the log writes what it needs.
  package var claims: JSON = .null
  /// The gateway's function or upstream, for logs by handler.
  package var integration: String = ""

  package init() {}
}

/// Reason phrases of RFC 9110 §15 and friends; unknown statuses have none.
package enum ReasonPhrase {
  /// The phrase of a status.
  package static func of(_ status: Int) -> String { phrases[status] ?? "" }

  private static let phrases: [Int: String] = [
    200: "OK", 201: "Created", 202: "Accepted", 204: "No Content", 206: "Partial Content",
    301: "Moved Permanently", 302: "Found", 303: "See Other", 304: "Not Modified",
    307: "Temporary Redirect", 308: "Permanent Redirect", 400: "Bad Request", 401: "Unauthorized",
    403: "Forbidden", 404: "Not Found", 405: "Method Not Allowed", 406: "Not Acceptable",
    408: "Request Timeout", 409: "Conflict", 410: "Gone", 411: "Length Required",
    412: "Precondition Failed", 413: "Content Too Large", 414: "URI Too Long",
    415: "Unsupported Media Type", 416: "Range Not Satisfiable", 417: "Expectation Failed",
    421: "Misdirected Request", 422: "Unprocessable Content", 423: "Locked",
    429: "Too Many Requests", 431: "Request Header Fields Too Large", 500: "Internal Server Error",
    501: "Not Implemented", 502: "Bad Gateway", 503: "Service Unavailable",
    504: "Gateway Timeout", 505: "HTTP Version Not Supported",
  ]
}
