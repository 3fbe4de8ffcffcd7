/// Finds the route of a method and a path: full match, then greedy, then `$default`
/// (AWS, "Working with routes for HTTP APIs": route evaluation order).
package struct RouteTable<Route: Sendable>: Sendable {
  /// A route with the values of its path's parameters.
  package struct Match: Sendable {
    package var route: Route
    package var parameters: [(name: String, value: String)]
  }

  /// The routes of one template by method; `ANY` stands behind every method.
  private struct Methods: Sendable {
    var byMethod: [String: Route] = [:]
    var any: Route?

    func route(_ method: String) -> Route? { byMethod[method] ?? any }

    func has(_ method: String) -> Bool { method == "ANY" ? any != nil : byMethod[method] != nil }
  }

  private struct Pattern: Sendable {
    var template: PathTemplate
    var methods: Methods
  }

  private var statics: [String: Methods] = [:]
  private var patterns: [Pattern] = []
  private var fallback: Methods?

  package init() {}

  /// Adds a route; false when the same method and shape is there already.
  package mutating func add(_ route: Route, method: String, template: PathTemplate) -> Bool {
    if template.isDefault {
      var methods = fallback ?? Methods()
      defer { fallback = methods }
      return Self.put(route, "ANY", &methods)
    }
    if template.isStatic {
      return Self.put(route, method, &statics[template.text, default: Methods()])
    }
    let twins = patterns.filter { $0.template.shape == template.shape }
    if twins.contains(where: { $0.methods.has(method) }) { return false }
    if let at = patterns.firstIndex(where: { $0.template == template }) {
      return Self.put(route, method, &patterns[at].methods)
    }
    // Templates of one shape may name their parameters differently, each for its own methods.
    var methods = Methods()
    _ = Self.put(route, method, &methods)
    patterns.append(Pattern(template: template, methods: methods))
    patterns.sort { PathTemplate.precedes($0.template, $1.template) }
    return true
  }

  private static func put(_ route: Route, _ method: String, _ methods: inout Methods) -> Bool {
    if method == "ANY" {
      defer { methods.any = route }
      return methods.any == nil
    }
    return methods.byMethod.updateValue(route, forKey: method) == nil
  }

  /// The route that answers, or nil for 404.
  package func match(method: String, path: String) -> Match? {
    if let route = statics[path]?.route(method) { return Match(route: route, parameters: []) }
    if !patterns.isEmpty {
      let segments = path.dropFirst().split(separator: "/", omittingEmptySubsequences: false)
      for pattern in patterns {
        guard let route = pattern.methods.route(method),
          let values = pattern.template.match(segments)
        else { continue }
        return Match(route: route, parameters: values)
      }
    }
    return fallback?.route(method).map { Match(route: $0, parameters: []) }
  }

  /// Whether any method has a route on this path, `$default` aside.
  package func knows(path: String) -> Bool {
    if statics[path] != nil { return true }
    let segments = path.dropFirst().split(separator: "/", omittingEmptySubsequences: false)
    return patterns.contains { $0.template.match(segments) != nil }
  }

  /// The methods that have a route on this path, sorted; `ANY` counts as itself.
  package func methods(path: String) -> [String] {
    let segments = path.dropFirst().split(separator: "/", omittingEmptySubsequences: false)
    var names: Set<String> = []
    let all =
      [statics[path]].compactMap { $0 }
      + patterns.filter { $0.template.match(segments) != nil }.map(\.methods)
    for methods in all {
      names.formUnion(methods.byMethod.keys)
      if methods.any != nil { names.insert("ANY") }
    }
    return names.sorted()
  }
}
