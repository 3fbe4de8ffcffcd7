import Diagnostics
import HTTPExchange
import NIOCore
import Synchronization
import Time

/// Answers from the bundle: a look-up in the manifest's paths, never in a file system.
package final class SiteBehaviour: Sendable {
  private let current: Mutex<StaticSite>
  private let plan: GatewayPlan

  init(plan: GatewayPlan) {
    self.plan = plan
    current = Mutex(plan.site)
  }

  /// The site that is served now.
  package var snapshot: StaticSite { current.withLock { $0 } }

  /// Swaps in a rebuilt site between two requests; one that lies on the API's paths is refused.
  package func replace(with site: StaticSite) throws(DiagnosticList) {
    try plan.checkPages(of: site)
    current.withLock { $0 = site }
  }

  // MARK: Answers

  /// The answer of a file that lies at exactly this path, or of a fixed document.
  func exact(_ request: Request, _ context: RequestContext) -> Response? {
    if let resource = snapshot.resources[request.target.path] {
      return respond(resource, request, context)
    }
    if let document = plan.documents[request.target.path] {
      return respond(document, request, context)
    }
    return nil
  }

  /// The answer when no file lies there: a redirect, an application's shell, or 404.
  func otherwise(_ request: Request, _ context: RequestContext) -> Response {
    let site = snapshot
    let path = request.target.path
    let isHidden = Self.isHidden(path)
    if !isHidden, let redirect = site.redirects[path] {
      guard Self.reads(request) else { return methodNotAllowed(request, context) }
      return withQuery(redirect, request)
    }
    if !isHidden, Self.looksLikePage(path), Navigation.isNavigation(request),
      let shell = site.shell(for: path)
    {
      return respond(shell, request, context)
    }
    guard Self.reads(request) || request.method == "OPTIONS" else {
      return methodNotAllowed(request, context)
    }
    guard let page = site.notFound else { return plainNotFound(site) }
    return page.select(SelectingFields(request.headers).acceptEncoding).response
  }

  private func respond(
    _ resource: StaticResource, _ request: Request, _ context: RequestContext
  ) -> Response {
    guard Self.reads(request) else { return methodNotAllowed(request, context) }
    let asked = SelectingFields(request.headers)
    if let range = asked.range, request.method == "GET" {
      return partial(resource.identity, range, request, context)
    }
    let chosen = resource.select(asked.acceptEncoding)
    guard asked.isConditional else { return chosen.response }
    return conditional(chosen, request, context) ?? chosen.response
  }

  private func conditional(
    _ chosen: StaticResource.Representation, _ request: Request, _ context: RequestContext
  ) -> Response? {
    switch Conditional.evaluate(
      request, entityTag: chosen.entityTag, lastModified: nil, now: context.receivedAt)
    {
    case .proceed: return nil
    case .notModified:
      var headers = chosen.response.headers
      // RFC 9110 §15.4.5: fields that describe the body it does not send are left out.
      for name in ["content-type", "content-encoding", "accept-ranges"] { headers.remove(name) }
      return Response(status: 304, headers: headers)
    case .preconditionFailed: return bodyless(412, snapshot)
    }
  }

  private func partial(
    _ whole: StaticResource.Representation, _ range: String, _ request: Request,
    _ context: RequestContext
  ) -> Response {
    if let answer = conditional(whole, request, context) { return answer }
    guard
      Conditional.rangeAllowed(
        request, entityTag: whole.entityTag, lastModified: nil, now: context.receivedAt)
    else { return whole.response }
    let length = whole.body.readableBytes
    switch ByteRange.resolve(range, length: length) {
    case .whole: return whole.response
    case .unsatisfiable:
      var response = bodyless(416, snapshot)
      response.headers.append("content-range", "bytes */\(length)")
      return response
    case .partial(let bounds):
      var headers = whole.response.headers
      headers.append(
        "content-range", "bytes \(bounds.lowerBound)-\(bounds.upperBound - 1)/\(length)")
      let slice = whole.body.getSlice(
        at: whole.body.readerIndex + bounds.lowerBound, length: bounds.count)
      return Response(status: 206, headers: headers, body: .bytes(slice ?? ByteBuffer()))
    }
  }

  // MARK: Refusals

  private func methodNotAllowed(_ request: Request, _ context: RequestContext) -> Response {
    var response = bodyless(request.method == "OPTIONS" ? 204 : 405, snapshot)
    response.headers.append("allow", "GET, HEAD, OPTIONS")
    return response
  }

  private func plainNotFound(_ site: StaticSite) -> Response {
    var response = Response(status: 404, text: "Not Found\n")
    response.headers.append("cache-control", "no-store")
    for field in site.commonFields.fields { response.headers.append(field.name, field.value) }
    return response
  }

  private func bodyless(_ status: Int, _ site: StaticSite) -> Response {
    var headers = site.commonFields
    headers["cache-control"] = "no-store"
    return Response(status: status, headers: headers)
  }

  private func withQuery(_ redirect: Response, _ request: Request) -> Response {
    guard let query = request.target.query, let location = redirect.headers["location"],
      !location.contains("?")
    else { return redirect }
    var response = redirect
    response.headers["location"] = "\(location)?\(query)"
    return response
  }

  private static func reads(_ request: Request) -> Bool {
    request.method == "GET" || request.method == "HEAD"
  }

  /// `/.portico/`, `/.deploy/` and every dotfile but `/.well-known/`.
  static func isHidden(_ path: String) -> Bool {
    guard path.contains("/.") else { return false }
    return !(path.hasPrefix("/.well-known/") && !path.dropFirst(2).contains("/."))
  }

  /// Whether the last segment has no extension.
  static func looksLikePage(_ path: String) -> Bool {
    let last = path.utf8.lastIndex(of: UInt8(ascii: "/")).map { path[$0...] } ?? path[...]
    return !last.utf8.contains(UInt8(ascii: "."))
  }
}

/// The fields that choose among a file's answers.
private struct SelectingFields {
  let acceptEncoding: String?
  let range: String?
  /// Whether any field begins with `If-`.
  let isConditional: Bool

  init(_ headers: HeaderFields) {
    acceptEncoding = headers.joined("accept-encoding")
    range = headers["range"]
    isConditional = headers.containsName { name in
      name.count > 3 && name[0] | 0x20 == UInt8(ascii: "i") && name[1] | 0x20 == UInt8(ascii: "f")
        && name[2] == UInt8(ascii: "-")
    }
  }
}
