import Diagnostics
import SiteBundle

/// Traps that load without an error and bite later (spec/gateway.md §3.3 f); for `portico check`.
package enum GatewayLint {
  /// CloudFront's bound for a policy's Content-Security-Policy, in characters.
  private static let cspMost = 1_783

  /// What is suspicious about a plan and its bundle, as warnings.
  package static func findings(_ plan: GatewayPlan, manifest: BundleManifest?) -> [Diagnostic] {
    routes(plan) + throttles(plan) + (manifest.map { bundle($0, plan) } ?? [])
  }

  private static func warning(
    _ code: DiagnosticCode, _ message: String, at place: Place?, _ remedy: String
  ) -> Diagnostic {
    Diagnostic(code, message, at: place, remedy: remedy, severity: .warning)
  }

  private static func routes(_ plan: GatewayPlan) -> [Diagnostic] {
    var found: [Diagnostic] = []
    for route in plan.allRoutes {
      let operation = route.operation
      let catchesOptions =
        operation.template.isDefault || (operation.method == "ANY" && operation.template.isGreedy)
      if catchesOptions, operation.security.authorizer != nil, route.cors == nil {
        found.append(
          warning(
            .defaultEatsPreflight,
            "'\(route.key)' asks a token of preflights too, which never carry one",
            at: operation.place,
            "add x-amazon-apigateway-cors, or an OPTIONS /{proxy+} route without a token"))
      }
      if operation.security.needsAPIKey, plan.settings.keys.isEmpty {
        found.append(
          warning(
            .keyRouteWithoutKeys, "'\(route.key)' wants an API key, but no key is known",
            at: operation.place, "make one with 'portico key new'"))
      }
      if let cors = route.cors, cors.allowOrigins.contains("*"), operation.security.isPrivate {
        found.append(
          warning(
            .anyOriginOnPrivateRoute,
            "'\(route.key)' wants credentials, but pages of any origin may call it",
            at: operation.place, "name the origins, or keep '*' for public reads"))
      }
      let isOpen = operation.security.authorizer == nil && !operation.security.needsAPIKey
      let isBounded = route.limits.address != nil || plan.settings.throttle.address != nil
      if isOpen, operation.method == "POST", !isBounded {
        found.append(
          warning(
            .openWriteWithoutLimit, "'\(route.key)' is open to everyone without a limit by address",
            at: operation.place, "set address_rate_per_second of the route in gateway.throttle"))
      }
    }
    return found
  }

  private static func throttles(_ plan: GatewayPlan) -> [Diagnostic] {
    guard let stage = plan.settings.throttle.stage else { return [] }
    return plan.settings.throttle.routes.sorted { $0.key < $1.key }.compactMap { key, limits in
      guard let all = limits.all, all.ratePerSecond > stage.ratePerSecond else { return nil }
      return warning(
        .routeLimitAboveStage, "the limit of '\(key)' is above its stage's and never counts",
        at: nil, "lower it, or raise gateway.throttle.rate_per_second")
    }
  }

  private static func bundle(_ manifest: BundleManifest, _ plan: GatewayPlan) -> [Diagnostic] {
    var found: [Diagnostic] = []
    for route in manifest.spaRoutes {
      let covered = plan.settings.basePaths.first { "\($0)/".hasPrefix(route.prefix) }
      guard let covered else { continue }
      found.append(
        warning(
          .shellMasksAPI,
          "the application at '\(route.prefix)' covers '\(covered)': on a CDN its shell would "
            + "hide the API's errors behind a 200",
          at: nil, "give the application a prefix of its own, such as /app/"))
    }
    for (name, fields) in manifest.headerGroups.sorted(by: { $0.key < $1.key }) {
      for field in fields
      where field.name.lowercased() == "content-security-policy" && field.value.count > cspMost {
        found.append(
          warning(
            .policyTooLong,
            "the Content-Security-Policy of '\(name)' has \(field.value.count) characters, more "
              + "than the \(cspMost) that CloudFront takes",
            at: nil, "shorten it: name origins once, leave out what default-src covers"))
      }
    }
    return found
  }
}
