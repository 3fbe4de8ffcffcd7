import Diagnostics
import HTTPExchange

/// Turns the operations of documents into routes: every name is bound or refused.
final class RouteBinding {
  private let assembly: GatewayAssembly
  private(set) var findings: [Diagnostic] = []
  private(set) var routes: [Route] = []

  init(assembly: GatewayAssembly) { self.assembly = assembly }

  func surface(of document: APIDocument) -> APISurface {
    var table = RouteTable<Route>()
    var verifiers: [String: any BearerVerifier] = [:]
    for (name, definition) in document.authorizers {
      attempt { verifiers[name] = try assembly.verifier(definition) }
    }
    for operation in document.operations {
      guard let route = route(operation, document, verifiers) else { continue }
      if !table.add(route, method: operation.method, template: operation.template) {
        refuse(
          .routeInvalid, "the route '\(route.key)' answers what another route answers already",
          at: operation.place, remedy: "remove one of them")
      }
      routes.append(route)
    }
    return APISurface(routes: table, cors: document.cors)
  }

  private func route(
    _ operation: APIOperation, _ document: APIDocument, _ verifiers: [String: any BearerVerifier]
  ) -> Route? {
    guard let integration = integration(operation) else { return nil }
    let key = operation.routeKey
    var route = Route(
      key: key, operation: operation, integration: integration,
      limits: assembly.settings.throttle.routes[key] ?? ThrottlePolicy.RouteLimits(),
      bodyLimit: assembly.settings.bodyBytes,
      cors: assembly.settings.routeCORS[key] ?? document.cors)
    if let name = operation.security.authorizer {
      guard let definition = document.authorizers[name], let verifier = verifiers[name] else {
        refuse(
          .authorizerInvalid, "the route '\(key)' has an authorizer that could not be made",
          at: operation.place, remedy: "mend the authorizer '\(name)'")
        return nil
      }
      route.authorizer = RouteAuthorizer(
        name: name, source: definition.source, scopes: operation.security.scopes,
        verifier: verifier)
    }
    attempt { route.validation = try assembly.validation?(operation, document) }
    attempt { route.cache = try assembly.cache?(route) }
    return route
  }

  private func integration(_ operation: APIOperation) -> (any Integration)? {
    switch operation.integration {
    case .function(let name, let format):
      if let handler = assembly.functions[name] {
        return FunctionIntegration(name: name, handler: handler)
      }
      if let function = assembly.eventFunctions[name] {
        let form = EventForm(format, routeHasScopes: !operation.security.scopes.isEmpty)
        return EventIntegration(name: name, form: form, function: function)
      }
      let near = Suggestion.nearest(
        to: name, among: Array(assembly.functions.keys) + Array(assembly.eventFunctions.keys))
      refuse(
        .functionUnbound, "no handler is bound to the function '\(name)'", at: operation.place,
        remedy: near.map { "did you mean '\($0)'?" }
          ?? "bind it in ServeAssembly.swift, or remove the route")
      return nil
    case .mock(let status, let contentType, let body):
      return MockIntegration(status: status, contentType: contentType, body: body)
    case .upstream(let uri, let method, let timeout):
      if let make = assembly.upstream { return make(uri, method, timeout) }
      refuse(
        .integrationInvalid, "this gateway calls no upstreams", at: operation.place,
        remedy: "use a function or a mock")
      return nil
    }
  }

  /// Refuses settings that name routes which do not exist.
  func checkSettings() {
    let known = Set(routes.map(\.key))
    let settings = assembly.settings
    findings += assembly.responses.unknownRoutes(known: known)
    findings += AuthorizerSettings.unused(
      settings.authorizers,
      by: [assembly.api, assembly.accounts].compactMap(\.self).flatMap { $0.authorizers.values })
    let named =
      settings.throttle.routes.keys.map { ("gateway.throttle.routes", $0) }
      + settings.routeCORS.keys.map { ("gateway.cors", $0) }
      + settings.plans.flatMap { plan in
        plan.routeThrottles.keys.map { ("gateway.usage_plans.\(plan.name).routes", $0) }
      }
    for (section, key) in named.sorted(by: { ($0.0, $0.1) < ($1.0, $1.1) })
    where !known.contains(key) {
      let near = Suggestion.nearest(to: key, among: known)
      refuse(
        .routeUnknown, "'\(section)' names the route '\(key)', which does not exist", at: nil,
        remedy: near.map { "did you mean '\($0)'?" } ?? "write it as 'POST /buy'")
    }
  }

  private func attempt(_ work: () throws -> Void) {
    do {
      try work()
    } catch let list as DiagnosticList {
      findings += list.diagnostics
    } catch let diagnostic as Diagnostic {
      findings.append(diagnostic)
    } catch {
      refuse(.authorizerInvalid, "\(error)", at: nil)
    }
  }

  private func refuse(
    _ code: DiagnosticCode, _ message: String, at place: Place?, remedy: String? = nil
  ) {
    findings.append(Diagnostic(code, message, at: place, remedy: remedy))
  }
}
