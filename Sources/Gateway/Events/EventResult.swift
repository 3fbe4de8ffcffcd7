import Cryptography
import Diagnostics
import HTTPExchange
import JSON
import NIOCore

/// What a function returns in an event form, read into a response and written from one.
package enum EventResult {
  /// Reads what a function returned; what is no answer throws, and becomes AWS's 500.
  package static func response(_ result: JSON, format: PayloadFormat) throws -> Response {
    if format == .v2, result["statusCode"] == nil {
      // Format 2.0: without a status the whole value is the body of a 200.
      return Response(json: result)
    }
    guard let object = result.object, let status = status(object["statusCode"]) else {
      throw IntegrationFailure.malformed("the function returned no statusCode")
    }
    var response = Response(status: status, body: try body(object))
    for (name, value) in object["headers"]?.object ?? JSONObject() {
      guard let text = scalar(value) else {
        throw IntegrationFailure.malformed("the field '\(name)' is no text")
      }
      response.headers.append(name.lowercased(), text)
    }
    switch format {
    case .v2:
      for cookie in object["cookies"]?.array ?? [] {
        response.headers.append("set-cookie", cookie.string ?? "")
      }
    case .v1:
      for (name, values) in object["multiValueHeaders"]?.object ?? JSONObject() {
        response.headers.remove(name)
        for value in values.array ?? [] {
          response.headers.append(name.lowercased(), scalar(value) ?? "")
        }
      }
    }
    if !response.headers.contains("content-type"), response.body.length != 0 {
      let isPlain = format == .v2
      response.headers.append(
        "content-type", isPlain ? "text/plain;charset=UTF-8" : "application/json")
    }
    return response
  }

  private static func status(_ value: JSON?) -> Int? {
    let status = value?.int ?? value?.string.flatMap { Int($0) }
    return status.flatMap { (100...599).contains($0) ? $0 : nil }
  }

  private static func scalar(_ value: JSON) -> String? {
    switch value {
    case .string(let text): text
    case .number(let number): number.text
    case .bool(let flag): flag ? "true" : "false"
    default: nil
    }
  }

  private static func body(_ object: JSONObject) throws -> Body {
    switch object["body"] {
    case nil, .null: return .empty
    case .string(let text):
      guard object["isBase64Encoded"]?.bool == true else { return Body(text) }
      guard let bytes = Base64.decode(text) else {
        throw IntegrationFailure.malformed("the body is not base64")
      }
      return Body(bytes)
    case .number(let number): return Body(number.text)
    default: throw IntegrationFailure.malformed("the body is no text")
    }
  }

  /// Writes an answer of a handler as a function would return it; a stream has no such form.
  package static func json(_ response: Response, format: PayloadFormat) throws(Diagnostic) -> JSON {
    guard let buffer = response.body.buffer else {
      throw Diagnostic(
        .streamInEvent, "a streamed answer has no event form",
        remedy: "ask the route over HTTP instead")
    }
    let body = EventForm.body(buffer, contentType: response.headers["content-type"])
    let groups = EventForm.grouped(
      response.headers.fields.map { ($0.name.lowercased(), $0.value) })
    var object = JSONObject([("statusCode", .int(response.status))])
    let cookies = groups.first { $0.name == "set-cookie" }?.values ?? []
    switch format {
    case .v2:
      object["headers"] = EventForm.object(
        groups.filter { $0.name != "set-cookie" }
          .map { ($0.name, $0.values.joined(separator: ",")) })
      if !cookies.isEmpty { object["cookies"] = .array(cookies.map(JSON.string)) }
    case .v1:
      object["headers"] = EventForm.object(groups.map { ($0.name, $0.values.last ?? "") })
      object["multiValueHeaders"] = .object(
        JSONObject(groups.map { ($0.name, .array($0.values.map(JSON.string))) }))
    }
    object["body"] = .string(body.text ?? "")
    object["isBase64Encoded"] = .bool(body.isBase64)
    return .object(object)
  }
}
