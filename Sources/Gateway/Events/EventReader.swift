import Cryptography
import HTTPExchange
import JSON
import NIOCore
import Time

/// Reads an event of either form back into a request: how `portico invoke` calls a handler.
package enum EventReader {
  /// The request and the context of an event; what an event leaves out gets a default, since the
  /// console's test events are often no more than `{}`.
  package static func read(_ event: JSON, clock: any TimeSource) -> (Request, RequestContext) {
    event["version"]?.string == "2.0" ? readV2(event, clock) : readV1(event, clock)
  }

  private static func readV2(_ event: JSON, _ clock: any TimeSource) -> (Request, RequestContext) {
    let request = event["requestContext"]
    let http = request?["http"]
    var headers = HeaderFields()
    for (name, value) in event["headers"]?.object ?? JSONObject() {
      headers.append(name, value.string ?? value.text)
    }
    let cookies = event["cookies"]?.array?.compactMap(\.string) ?? []
    if !cookies.isEmpty { headers.append("cookie", cookies.joined(separator: "; ")) }
    let query = event["rawQueryString"]?.string ?? ""
    let path = event["rawPath"]?.string ?? http?["path"]?.string ?? "/"
    let message = Request(
      method: http?["method"]?.string ?? "GET",
      target: RequestTarget(path: path, query: query.isEmpty ? nil : query), scheme: "https",
      authority: request?["domainName"]?.string ?? "localhost", headers: headers,
      body: body(event))
    let jwt = request?["authorizer"]?["jwt"]
    return (
      message,
      context(
        event, clock, source: http?["sourceIp"], claims: jwt?["claims"], scopes: jwt?["scopes"],
        routeKey: event["routeKey"]?.string)
    )
  }

  private static func readV1(_ event: JSON, _ clock: any TimeSource) -> (Request, RequestContext) {
    let request = event["requestContext"]
    let query = pairs(event["multiValueQueryStringParameters"], event["queryStringParameters"])
      .map { "\(PercentEncoding.encode($0.name))=\(PercentEncoding.encode($0.value))" }
      .joined(separator: "&")
    let method = event["httpMethod"]?.string ?? "GET"
    let message = Request(
      method: method,
      target: RequestTarget(
        path: event["path"]?.string ?? "/", query: query.isEmpty ? nil : query),
      scheme: "https", authority: request?["domainName"]?.string ?? "localhost",
      headers: HeaderFields(
        pairs(event["multiValueHeaders"], event["headers"]).map { ($0.name, $0.value) }),
      body: body(event))
    let authorizer = request?["authorizer"]
    return (
      message,
      context(
        event, clock, source: request?["identity"]?["sourceIp"], claims: authorizer?["claims"],
        scopes: authorizer?["scopes"],
        routeKey: event["resource"]?.string.map { "\(method) \($0)" })
    )
  }

  /// The pairs of a map of lists, or of a map of texts when there is none.
  private static func pairs(_ multi: JSON?, _ single: JSON?) -> [(name: String, value: String)] {
    if let object = multi?.object, !object.isEmpty {
      return object.members.flatMap { name, values in
        (values.array ?? []).map { (name, $0.string ?? $0.text) }
      }
    }
    return (single?.object ?? JSONObject()).map { ($0.name, $0.value.string ?? $0.value.text) }
  }

  private static func body(_ event: JSON) -> Body {
    switch event["body"] {
    case nil, .null: return .empty
    case .string(let text):
      if event["isBase64Encoded"]?.bool == true, let bytes = Base64.decode(text) {
        return Body(bytes)
      }
      return Body(text)
    // A test event written by hand holds the body as an object.
    case let value?: return Body(value.bytes)
    }
  }

  private static func context(
    _ event: JSON, _ clock: any TimeSource, source: JSON?, claims: JSON?, scopes: JSON?,
    routeKey: String?
  ) -> RequestContext {
    let request = event["requestContext"]
    var context = RequestContext(
      requestID: request?["requestId"]?.string ?? "invoke",
      sourceAddress: source?.string ?? "127.0.0.1", clock: clock)
    context.routeKey = routeKey ?? ""
    context.stage = request?["stage"]?.string ?? "$default"
    context.pathParameters = (event["pathParameters"]?.object ?? JSONObject()).map {
      ($0.name, $0.value.string ?? "")
    }
    if let claims, let object = claims.object {
      let username = object["username"]?.string ?? object["cognito:username"]?.string
      context.identity = Identity(
        subject: object["sub"]?.string ?? "", username: username ?? "",
        sessionID: object["sid"]?.string, tokenID: object["jti"]?.string,
        scopes: scopes?.array?.compactMap(\.string) ?? [], claims: claims)
    }
    return context
  }
}
