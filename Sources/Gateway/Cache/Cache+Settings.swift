import Diagnostics
import Settings

/// The section `gateway.cache` as values.
package struct CacheSettings: Sendable, Hashable {
  /// Bytes held by all answers together, fields and bookkeeping included.
  package var bytes = 67_108_864
  /// Keys held at once.
  package var entries = 10_000
  /// Answers to one key that differ by `Vary`.
  package var variants = 16
  /// Bytes of one answer's body beyond which it is not stored; AWS's stage cache has the same.
  package var entryBytes = 1_048_576
  /// Whether `Cache-Status` tells the key, for whoever looks for what tells answers apart.
  package var tellsKey = false
  /// The rule of routes that have no authorizer and none of their own.
  package var defaultRule = CacheRule()
  /// By route key.
  package var routes: [String: CacheRule] = [:]

  package init() {}

  /// Reads the section; findings are noted on the reader.
  package init(_ reader: SettingsReader) {
    self.init()
    bytes = reader.int("bytes", default: bytes, in: 0...68_719_476_736)
    entries = reader.int("entries", default: entries, in: 1...10_000_000)
    variants = reader.int("variants", default: variants, in: 1...256)
    entryBytes = reader.int("entry_bytes", default: entryBytes, in: 0...1_073_741_824)
    tellsKey = reader.bool("status_key", default: false)
    defaultRule.mode = reader.choice("mode", default: .rfc9111)
    if defaultRule.mode == .stage || defaultRule.mode == .cloudfront {
      reader.note(
        .cacheInvalid, "'\(defaultRule.mode.rawValue)' cannot be the mode of all routes",
        key: "mode", remedy: "write it below gateway.cache.routes for the routes that are meant")
    }
    for (key, route) in reader.entries(of: "routes") { routes[key] = CacheRule(route) }
  }
}

extension CacheRule {
  /// Reads one route's rule.
  init(_ reader: SettingsReader) {
    self.init(mode: reader.choice("mode", default: .rfc9111))
    ttlSeconds = reader.int("ttl_seconds", default: ttlSeconds, in: 0...3600)
    let year = 0...31_536_000
    minimumTTLSeconds = reader.int("min_ttl_seconds", default: minimumTTLSeconds, in: year)
    maximumTTLSeconds = reader.int("max_ttl_seconds", default: maximumTTLSeconds, in: year)
    defaultTTLSeconds = reader.int("default_ttl_seconds", default: defaultTTLSeconds, in: year)
    errorTTLSeconds = reader.int("error_ttl_seconds", default: errorTTLSeconds, in: year)
    if reader.has("key_query") {
      let names = reader.strings("key_query")
      query = names == ["*"] ? .all : .named(names)
    }
    headers = reader.strings("key_headers").map { $0.lowercased() }
    identity = reader.bool("key_identity", default: false)
    storesCookies = reader.bool("stores_set_cookie", default: false)
    heedsRequest = reader.bool("heeds_request", default: true)
    invalidation = reader.choice("invalidation", default: .ignored)
    staleOnErrorSeconds = reader.int(
      "stale_on_error_seconds", default: staleOnErrorSeconds, in: year)
    if minimumTTLSeconds > maximumTTLSeconds || defaultTTLSeconds > maximumTTLSeconds {
      reader.note(
        .cacheInvalid, "a TTL is above 'max_ttl_seconds'", key: "max_ttl_seconds",
        remedy: "raise it, or lower the others")
    }
  }
}

extension ResponseCache {
  /// The cache of a route, or nil when nothing of it is cached and it changes nothing.
  ///
  /// A route with an authorizer is cached only by a rule of its own that has the identity in its
  /// key: one caller's answer never reaches another.
  package func routeCache(for route: Route) throws(Diagnostic) -> (any RouteCache)? {
    let method = route.operation.method
    let named = settings.routes[route.key]
    guard method == "GET" || method == "HEAD" || method == "ANY" else {
      if let named, named.mode != .off {
        throw Diagnostic(
          .cacheInvalid, "the route '\(route.key)' has a cache rule, but only GET is cached",
          at: route.operation.place, remedy: "remove it from gateway.cache.routes")
      }
      // It stores nothing, but what it changes is no longer right elsewhere.
      return RouteResponseCache(rule: CacheRule(mode: .off), cache: self)
    }
    let isPrivate = route.authorizer != nil || route.operation.security.needsAPIKey
    guard let rule = named ?? (isPrivate ? nil : settings.defaultRule) else {
      return method == "ANY" ? RouteResponseCache(rule: CacheRule(mode: .off), cache: self) : nil
    }
    if rule.mode == .off {
      return method == "ANY" ? RouteResponseCache(rule: rule, cache: self) : nil
    }
    try refuseUnsafe(rule, route)
    return RouteResponseCache(rule: rule, cache: self)
  }

  private func refuseUnsafe(_ rule: CacheRule, _ route: Route) throws(Diagnostic) {
    if route.authorizer != nil, !rule.identity {
      throw Diagnostic(
        .cacheUnsafe,
        "the route '\(route.key)' has an authorizer, but its cache key has no identity",
        at: route.operation.place,
        remedy: "set 'key_identity: true' below gateway.cache.routes, or 'mode: off'")
    }
    if route.operation.security.needsAPIKey, !rule.headers.contains("x-api-key") {
      throw Diagnostic(
        .cacheUnsafe,
        "the route '\(route.key)' wants an API key, which its cache key does not have",
        at: route.operation.place,
        remedy: "add 'x-api-key' to 'key_headers', or set 'mode: off'")
    }
    if rule.identity, route.authorizer == nil {
      throw Diagnostic(
        .cacheInvalid,
        "the route '\(route.key)' has the identity in its cache key, but no authorizer",
        at: route.operation.place, remedy: "remove 'key_identity'")
    }
  }

  /// Findings about rules for routes that do not exist.
  package func unknownRoutes(known: some Collection<String>) -> [Diagnostic] {
    settings.routes.keys.sorted().filter { !known.contains($0) }.map { key in
      Diagnostic(
        .routeUnknown, "'gateway.cache.routes' names the route '\(key)', which does not exist",
        remedy: Suggestion.nearest(to: key, among: known).map { "did you mean '\($0)'?" }
          ?? "write it as 'GET /stocks'")
    }
  }
}
