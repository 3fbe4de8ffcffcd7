import Cryptography
import Diagnostics
import HTTPExchange
import JSON
import NIOCore
import Time

/// Requests in the event forms of Lambda: `event` writes them, `EventReader` reads them back
/// (AWS, "Working with AWS Lambda proxy integrations for HTTP APIs").
package struct EventForm: Sendable {
  package var format: PayloadFormat
  /// Whether the route lists scopes: only then does an event carry the token's.
  package var routeHasScopes: Bool
  package var accountID: String
  package var apiID: String

  package init(
    _ format: PayloadFormat, routeHasScopes: Bool = false, accountID: String = "000000000000",
    apiID: String = "portico"
  ) {
    self.format = format
    self.routeHasScopes = routeHasScopes
    self.accountID = accountID
    self.apiID = apiID
  }

  /// The event of a request; a body that is a stream has no event form.
  package func event(_ request: Request, _ context: RequestContext) throws(Diagnostic) -> JSON {
    guard let body = request.body.buffer else {
      throw Diagnostic(
        .streamInEvent, "a streamed body has no event form",
        remedy: "bind the function as a handler in Swift, or let the route read its body whole")
    }
    switch format {
    case .v1: return EventV1(form: self, request: request, context: context).event(body)
    case .v2: return EventV2(form: self, request: request, context: context).event(body)
    }
  }

  // MARK: Parts that both forms share

  /// The body as a text, or in base64 when it is none.
  static func body(_ buffer: ByteBuffer, contentType: String?) -> (text: String?, isBase64: Bool) {
    if buffer.readableBytes == 0 { return (nil, false) }
    if isText(contentType),
      let text = String(validating: buffer.readableBytesView, as: UTF8.self)
    {
      return (text, false)
    }
    return (Base64.encode(Array(buffer.readableBytesView)), true)
  }

  /// Whether a media type is handed over as text; an absent one is (unconfirmed).
  static func isText(_ contentType: String?) -> Bool {
    guard let contentType else { return true }
    let type = contentType.prefix { $0 != ";" }.lowercased()
    return type.hasPrefix("text/") || type.hasSuffix("+json") || type.hasSuffix("+xml")
      || ["application/json", "application/xml", "application/javascript"].contains(type)
  }

  /// Values by lower-cased name in the order of first appearance.
  static func grouped(_ pairs: [(name: String, value: String)]) -> [(
    name: String, values: [String]
  )] {
    var groups: [(name: String, values: [String])] = []
    for (name, value) in pairs {
      if let at = groups.firstIndex(where: { $0.name == name }) {
        groups[at].values.append(value)
      } else {
        groups.append((name, [value]))
      }
    }
    return groups
  }

  static func headers(_ request: Request) -> [(name: String, value: String)] {
    request.headers.fields.map { ($0.name.lowercased(), $0.value) }
  }

  static func object(_ pairs: [(String, String)]) -> JSON {
    .object(JSONObject(pairs.map { ($0.0, .string($0.1)) }))
  }

  static func domainPrefix(_ host: String) -> String { String(host.prefix { $0 != "." }) }
}

/// The payload format 2.0.
struct EventV2 {
  let form: EventForm
  let request: Request
  let context: RequestContext

  func event(_ buffer: ByteBuffer) -> JSON {
    let fields = EventForm.headers(request)
    var event = JSONObject([
      ("version", "2.0"), ("routeKey", .string(context.routeKey)),
      ("rawPath", .string(request.target.path)),
      ("rawQueryString", .string(request.target.query ?? "")),
    ])
    let cookies = fields.filter { $0.name == "cookie" }.flatMap {
      $0.value.split(separator: ";").map { $0.trimmed }
    }
    if !cookies.isEmpty { event["cookies"] = .array(cookies.map { .string(String($0)) }) }
    event["headers"] = EventForm.object(
      EventForm.grouped(fields.filter { $0.name != "cookie" })
        .map { ($0.name, $0.values.joined(separator: ",")) })
    let query = EventForm.grouped(request.target.queryItems)
    if !query.isEmpty {
      event["queryStringParameters"] = EventForm.object(
        query.map { ($0.name, $0.values.joined(separator: ",")) })
    }
    event["requestContext"] = .object(requestContext)
    if !context.pathParameters.isEmpty {
      event["pathParameters"] = EventForm.object(
        context.pathParameters.map { ($0.name, $0.value) })
    }
    let body = EventForm.body(buffer, contentType: request.headers["content-type"])
    if let text = body.text { event["body"] = .string(text) }
    event["isBase64Encoded"] = .bool(body.isBase64)
    return .object(event)
  }

  private var requestContext: JSONObject {
    var object = JSONObject([
      ("accountId", .string(form.accountID)), ("apiId", .string(form.apiID)),
    ])
    if let identity = context.identity {
      let scopes: JSON =
        form.routeHasScopes ? .array(identity.scopes.map(JSON.string)) : .null
      object["authorizer"] = [
        "jwt": [
          "claims": EventForm.object(ClaimsWireForm.strings(identity.claims)), "scopes": scopes,
        ]
      ]
    }
    object["domainName"] = .string(request.host)
    object["domainPrefix"] = .string(EventForm.domainPrefix(request.host))
    object["http"] = [
      "method": .string(request.method), "path": .string(request.target.path),
      "protocol": "HTTP/1.1", "sourceIp": .string(context.sourceAddress),
      "userAgent": .string(request.headers["user-agent"] ?? ""),
    ]
    object["requestId"] = .string(context.requestID)
    object["routeKey"] = .string(context.routeKey)
    object["stage"] = .string(context.stage)
    object["time"] = .string(CommonLogDate.format(context.receivedAt))
    object["timeEpoch"] = .int(context.receivedAt.milliseconds)
    return object
  }
}

/// The payload format 1.0.
struct EventV1 {
  let form: EventForm
  let request: Request
  let context: RequestContext

  func event(_ buffer: ByteBuffer) -> JSON {
    let fields = EventForm.grouped(EventForm.headers(request))
    let query = EventForm.grouped(request.target.queryItems)
    let body = EventForm.body(buffer, contentType: request.headers["content-type"])
    return [
      "version": "1.0", "resource": .string(resource), "path": .string(request.target.path),
      "httpMethod": .string(request.method), "headers": last(fields),
      "multiValueHeaders": all(fields),
      "queryStringParameters": query.isEmpty ? .null : last(query),
      "multiValueQueryStringParameters": query.isEmpty ? .null : all(query),
      "requestContext": .object(requestContext),
      "pathParameters": context.pathParameters.isEmpty
        ? .null : EventForm.object(context.pathParameters.map { ($0.name, $0.value) }),
      "stageVariables": .null, "body": body.text.map { .string($0) } ?? .null,
      "isBase64Encoded": .bool(body.isBase64),
    ]
  }

  /// The template of the route: what follows the method in its key.
  private var resource: String {
    guard let space = context.routeKey.firstIndex(of: " ") else { return context.routeKey }
    return String(context.routeKey[context.routeKey.index(after: space)...])
  }

  /// A single map keeps the last value of a repeated name.
  private func last(_ groups: [(name: String, values: [String])]) -> JSON {
    EventForm.object(groups.map { ($0.name, $0.values.last ?? "") })
  }

  private func all(_ groups: [(name: String, values: [String])]) -> JSON {
    .object(JSONObject(groups.map { ($0.name, .array($0.values.map(JSON.string))) }))
  }

  private var requestContext: JSONObject {
    let identity = context.identity
    let claims = identity.map { EventForm.object(ClaimsWireForm.strings($0.claims)) } ?? .null
    let scopes =
      form.routeHasScopes ? identity.map { JSON.array($0.scopes.map(JSON.string)) } : nil
    return JSONObject([
      ("accountId", .string(form.accountID)), ("apiId", .string(form.apiID)),
      ("authorizer", ["claims": claims, "scopes": scopes ?? .null]),
      ("domainName", .string(request.host)),
      ("domainPrefix", .string(EventForm.domainPrefix(request.host))),
      ("extendedRequestId", .string(context.requestID)), ("httpMethod", .string(request.method)),
      ("identity", callerIdentity), ("path", .string(request.target.path)),
      ("protocol", "HTTP/1.1"), ("requestId", .string(context.requestID)),
      ("requestTime", .string(CommonLogDate.format(context.receivedAt))),
      ("requestTimeEpoch", .int(context.receivedAt.milliseconds)),
      ("resourceId", .string(context.routeKey)), ("resourcePath", .string(resource)),
      ("stage", .string(context.stage)),
    ])
  }

  private var callerIdentity: JSON {
    [
      "accessKey": .null, "accountId": .null, "caller": .null,
      "cognitoAuthenticationProvider": .null, "cognitoAuthenticationType": .null,
      "cognitoIdentityId": .null, "cognitoIdentityPoolId": .null, "principalOrgId": .null,
      "sourceIp": .string(context.sourceAddress), "user": .null,
      "userAgent": .string(request.headers["user-agent"] ?? ""), "userArn": .null,
    ]
  }
}
