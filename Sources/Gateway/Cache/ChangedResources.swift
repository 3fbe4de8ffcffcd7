import HTTPExchange

/// What an unsafe request that worked has made wrong (RFC 9111 §4.4): its own resource, and those
/// that `Location` and `Content-Location` name on the same origin.
enum ChangedResources {
  static func of(_ request: Request, _ context: RequestContext, _ response: Response)
    -> Set<String>
  {
    var resources: Set = [CacheKey.resource(path: request.target.path, stage: context.stage)]
    for name in ["location", "content-location"] {
      guard let reference = response.headers[name],
        let path = path(of: reference, from: request),
        let target = try? RequestTarget(parsing: path)
      else { continue }
      resources.insert(CacheKey.resource(path: target.path, stage: context.stage))
    }
    return resources
  }

  /// The path of a reference, resolved against the request's own (RFC 3986 §5.2); nil for another
  /// origin, whose resources are not this one's to remove.
  private static func path(of reference: String, from request: Request) -> String? {
    let text = reference.prefix { $0 != "#" }
    if let scheme = scheme(of: text) {
      guard equalsIgnoringCase(scheme, request.scheme) else { return nil }
      return ownPath(text.dropFirst(scheme.utf8.count + 1), request)
    }
    if text.hasPrefix("//") { return ownPath(text, request) }
    if text.hasPrefix("/") { return withoutDots(text) }
    if text.isEmpty || text.hasPrefix("?") { return request.target.rawPath + text }
    let folder = request.target.rawPath.lastIndex(of: "/").map {
      request.target.rawPath[...$0]
    }
    return withoutDots("\(folder ?? "/")\(text)")
  }

  private static func scheme(of text: Substring) -> String? {
    guard let colon = text.firstIndex(of: ":"),
      !text[..<colon].contains(where: { $0 == "/" || $0 == "?" })
    else { return nil }
    return String(text[..<colon])
  }

  /// The path behind `//host`, when the host is the request's.
  private static func ownPath(_ text: Substring, _ request: Request) -> String? {
    guard text.hasPrefix("//") else { return nil }
    let rest = text.dropFirst(2)
    let end = rest.firstIndex { $0 == "/" || $0 == "?" } ?? rest.endIndex
    let authority = withoutDefaultPort(String(rest[..<end]), request.scheme)
    guard equalsIgnoringCase(authority, withoutDefaultPort(request.authority, request.scheme))
    else { return nil }
    let path = rest[end...]
    return withoutDots(path.hasPrefix("/") ? path : "/\(path)")
  }

  private static func withoutDefaultPort(_ authority: String, _ scheme: String) -> String {
    let port = scheme == "https" ? ":443" : ":80"
    return authority.hasSuffix(port) ? String(authority.dropLast(port.utf8.count)) : authority
  }

  /// RFC 3986 §5.2.4; the query is left alone.
  private static func withoutDots(_ text: some StringProtocol) -> String {
    let cut = text.firstIndex(of: "?") ?? text.endIndex
    var kept: [Substring] = []
    let segments = String(text[..<cut]).split(separator: "/", omittingEmptySubsequences: false)
    for (index, segment) in segments.enumerated() {
      let isLast = index == segments.count - 1
      switch segment {
      case ".": if isLast { kept.append("") }
      case "..":
        if kept.count > 1 { kept.removeLast() }
        if isLast { kept.append("") }
      default: kept.append(segment)
      }
    }
    return kept.joined(separator: "/") + text[cut...]
  }
}
