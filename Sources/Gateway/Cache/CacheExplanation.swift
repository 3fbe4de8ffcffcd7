import JSON

extension Route {
  /// What the cache does for the route, for explanations; null when it does nothing.
  var cacheExplanation: JSON {
    guard let rule = (cache as? RouteResponseCache)?.rule else { return .null }
    guard rule.mode != .off else { return ["mode": "off", "invalidates": true] }
    var object = JSONObject([("mode", .string(rule.mode.rawValue))])
    switch rule.queryKey {
    case .all: object["keyQuery"] = "all"
    case .named(let names): object["keyQuery"] = .array(names.map(JSON.string))
    }
    object["keyHeaders"] = .array(rule.headers.map(JSON.string))
    object["keyIdentity"] = .bool(rule.identity)
    switch rule.mode {
    case .stage: object["ttlSeconds"] = .int(rule.ttlSeconds)
    case .cloudfront:
      object["minTTLSeconds"] = .int(rule.minimumTTLSeconds)
      object["defaultTTLSeconds"] = .int(rule.defaultTTLSeconds)
      object["maxTTLSeconds"] = .int(rule.maximumTTLSeconds)
    case .rfc9111, .off: break
    }
    return .object(object)
  }
}
