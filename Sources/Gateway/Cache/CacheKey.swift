import HTTPExchange
import JSON

/// What tells answers of one route apart, beside `Vary`: the target with its host, and what the rule
/// adds. Each part is written with its length, so that no value can pose as another part.
struct CacheKey: Sendable, Hashable {
  /// The whole key.
  let text: String
  /// The path without base path or stage, for purging and for invalidation: one resource may be
  /// reached under several.
  let resource: String

  init(_ request: Request, _ context: RequestContext, rule: CacheRule) {
    var text = ""
    text.reserveCapacity(160)
    func add(_ kind: String, _ value: String) {
      text += kind
      text += String(value.utf8.count)
      text += ":"
      text += value
    }
    add("s", request.scheme)
    add("h", request.authority)
    // As received: an upstream may see a difference between '~' and '%7E'.
    add("p", request.target.rawPath)
    switch rule.queryKey {
    case .all:
      if let query = request.target.query { add("q", query) }
    case .named(let names):
      for name in names.sorted() {
        for item in request.target.queryItems where item.name == name {
          add("n", name)
          add("v", item.value)
        }
      }
    }
    for name in rule.headers {
      guard let value = request.headers.joined(name) else { continue }
      add("f", name)
      add("v", value)
    }
    if rule.identity, let identity = context.identity {
      // A token with other scopes may be answered otherwise.
      add("i", identity.claims["iss"]?.string ?? "")
      add("u", identity.subject)
      add("w", identity.username)
      add("x", identity.scopes.sorted().joined(separator: " "))
    }
    self.text = text
    resource = Self.resource(path: request.target.path, stage: context.stage)
  }

  /// The key as `Cache-Status` may tell it: what the client sent itself, and that fields and
  /// identity count, but not what they are.
  static func told(_ request: Request, _ rule: CacheRule) -> String {
    var text = "\(request.scheme)://\(request.authority)\(request.target.rawPath)"
    switch rule.queryKey {
    case .all: if let query = request.target.query { text += "?\(query)" }
    case .named(let names):
      for name in names.sorted() {
        for item in request.target.queryItems where item.name == name {
          text += " \(name)=\(item.value)"
        }
      }
    }
    for name in rule.headers where request.headers.contains(name) { text += " \(name)" }
    return rule.identity ? text + " identity" : text
  }

  /// A path without the base path or stage under which it was reached.
  static func resource(path: String, stage: String) -> String {
    let prefix = "/\(stage)"
    guard stage != "$default", path.hasPrefix(prefix) else { return path }
    let rest = path.dropFirst(prefix.count)
    guard rest.isEmpty || rest.hasPrefix("/") else { return path }
    return rest.isEmpty ? "/" : String(rest)
  }
}
