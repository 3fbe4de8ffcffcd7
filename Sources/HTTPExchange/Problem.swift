import JSON

/// The one error body of handlers and, outside `strict_aws`, of the gateway: RFC 9457 members with
/// the members that the founding documents' clients read.
package struct Problem: Error, Sendable {
  package var status: Int
  /// A stable word such as `insufficient_funds`.
  package var error: String
  /// A sentence for people.
  package var message: String
  /// More members, such as `required` and `available`.
  package var details: JSONObject
  /// More header fields, such as `retry-after`.
  package var headers: HeaderFields

  package init(
    status: Int, error: String, message: String, details: JSONObject = JSONObject(),
    headers: HeaderFields = HeaderFields()
  ) {
    self.status = status
    self.error = error
    self.message = message
    self.details = details
    self.headers = headers
  }

  /// The answer, carrying the request's id.
  package func response(requestID: String) -> Response {
    var body = JSONObject([
      ("type", "about:blank"), ("title", .string(ReasonPhrase.of(status))),
      ("status", .int(status)), ("detail", .string(message)), ("error", .string(error)),
      ("message", .string(message)), ("success", false), ("requestId", .string(requestID)),
    ])
    for (name, value) in details { body[name] = value }
    var fields = headers
    fields["content-type"] = "application/problem+json"
    if !fields.contains("cache-control") { fields.append("cache-control", "no-store") }
    return Response(status: status, headers: fields, body: Body(JSON.object(body).bytes))
  }
}
