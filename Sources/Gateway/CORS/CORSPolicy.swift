import Diagnostics
import HTTPExchange

/// Who may call from another origin (AWS, "CORS for an HTTP API"; Fetch standard §3.2).
package struct CORSPolicy: Sendable, Hashable {
  /// Exact origins, `*`, or a scheme with a wildcard such as `https://*`.
  package var allowOrigins: [String]
  package var allowMethods: [String]
  package var allowHeaders: [String]
  package var exposeHeaders: [String]
  package var maxAge: Int?
  package var allowCredentials: Bool

  package init(
    allowOrigins: [String], allowMethods: [String] = [], allowHeaders: [String] = [],
    exposeHeaders: [String] = [], maxAge: Int? = nil, allowCredentials: Bool = false
  ) {
    self.allowOrigins = allowOrigins.map { $0.lowercased() }
    self.allowMethods = allowMethods
    self.allowHeaders = allowHeaders
    self.exposeHeaders = exposeHeaders
    self.maxAge = maxAge
    self.allowCredentials = allowCredentials
  }

  init(node: SourceNode, findings: LoadFindings) {
    findings.checkMembers(
      of: node, "the CORS policy",
      known: [
        "allowOrigins", "allowMethods", "allowHeaders", "exposeHeaders", "maxAge",
        "allowCredentials",
      ])
    self.init(
      allowOrigins: node["allowOrigins"]?.texts ?? [],
      allowMethods: node["allowMethods"]?.texts ?? [],
      allowHeaders: node["allowHeaders"]?.texts ?? [],
      exposeHeaders: node["exposeHeaders"]?.texts ?? [], maxAge: node["maxAge"]?.int,
      allowCredentials: node["allowCredentials"]?.bool ?? false)
    if let problem {
      findings.refuse(.corsInvalid, problem.message, at: node.place, remedy: problem.remedy)
    }
  }

  /// What browsers would not honour, so that it is refused at load.
  package var problem: (message: String, remedy: String)? {
    let lists = [allowOrigins, allowMethods, allowHeaders, exposeHeaders]
    if allowCredentials, lists.contains(where: { $0.contains("*") }) {
      return ("credentials are allowed together with '*'", "name origins, methods and headers")
    }
    if let origin = allowOrigins.first(where: { !Self.isOrigin($0) }) {
      return ("'\(origin)' is not an origin", "write scheme://host[:port], https://* or *")
    }
    return nil
  }

  private static func isOrigin(_ text: String) -> Bool {
    if text == "*" { return true }
    guard let range = text.firstRange(of: "://"), range.lowerBound > text.startIndex else {
      return false
    }
    let host = text[range.upperBound...]
    return !host.isEmpty && !host.contains("/") && (host == "*" || !host.contains("*"))
  }

  /// Whether the answer is the same for every origin.
  private var isUniform: Bool { allowOrigins.contains("*") && !allowCredentials }

  /// The value of `access-control-allow-origin` for a request's origin, or nil when refused.
  package func allowedOrigin(_ origin: String) -> String? {
    if isUniform { return "*" }
    let lowered = origin.lowercased()
    let allowed = allowOrigins.contains { pattern in
      pattern == lowered || (pattern.hasSuffix("://*") && lowered.hasPrefix(pattern.dropLast()))
    }
    return allowed ? origin : nil
  }

  /// Whether a request is a preflight.
  package static func isPreflight(_ request: Request) -> Bool {
    request.method == "OPTIONS" && request.headers.contains("origin")
      && request.headers.contains("access-control-request-method")
  }

  /// The answer to a preflight: 204, with the policy's fields only for an allowed origin.
  package func preflight(_ request: Request) -> Response {
    var headers = HeaderFields()
    if !isUniform { headers.append("vary", "Origin") }
    guard let origin = request.headers["origin"], let allowed = allowedOrigin(origin) else {
      return Response(status: 204, headers: headers)
    }
    headers.append("access-control-allow-origin", allowed)
    if !allowMethods.isEmpty {
      headers.append("access-control-allow-methods", allowMethods.joined(separator: ","))
    }
    if !allowHeaders.isEmpty {
      headers.append("access-control-allow-headers", allowHeaders.joined(separator: ","))
    }
    if let maxAge { headers.append("access-control-max-age", String(maxAge)) }
    if allowCredentials { headers.append("access-control-allow-credentials", "true") }
    return Response(status: 204, headers: headers)
  }

  /// Makes the gateway the owner of an answer's CORS fields: the integration's are dropped.
  package func decorate(_ headers: inout HeaderFields, origin: String?) {
    if headers.containsName(where: Self.isOurs) {
      headers.removeAll { $0.name.lowercased().hasPrefix("access-control-") }
    }
    if !isUniform { headers.vary(on: "Origin") }
    guard let origin, let allowed = allowedOrigin(origin) else { return }
    headers.append("access-control-allow-origin", allowed)
    if !exposeHeaders.isEmpty {
      headers.append("access-control-expose-headers", exposeHeaders.joined(separator: ","))
    }
    if allowCredentials { headers.append("access-control-allow-credentials", "true") }
  }

  /// Whether a field's name begins with `access-control-`, or might.
  private static func isOurs(_ name: UnsafeBufferPointer<UInt8>) -> Bool {
    name.count > 15 && name[6] == UInt8(ascii: "-") && name[14] == UInt8(ascii: "-")
  }
}
