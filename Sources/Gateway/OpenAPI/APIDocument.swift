import Diagnostics
import HTTPExchange
import JSON

/// What the gateway takes from one OpenAPI document.
package struct APIDocument: Sendable {
  /// The file it came from.
  package var file: String
  /// The title of `info`.
  package var title: String
  /// Every route in the order written.
  package var operations: [APIOperation]
  /// Security schemes with a JWT authorizer, by name.
  package var authorizers: [String: AuthorizerDefinition]
  /// The policy of `x-amazon-apigateway-cors`.
  package var cors: CORSPolicy?
  /// The document as JSON with its variables filled in, as `/openapi.json` serves it.
  package var json: JSON
}

/// One route of an API document.
package struct APIOperation: Sendable {
  /// The method, or `ANY`.
  package var method: String
  package var template: PathTemplate
  package var integration: IntegrationDefinition
  package var security: RouteSecurity
  package var timeClass: TimeClass
  /// What is validated before the integration is asked.
  package var validates: RequestValidatorDefinition
  /// The operation with the parameters of its path merged in.
  package var json: JSON
  package var place: Place

  /// `POST /buy`, or `$default`.
  package var routeKey: String {
    template.isDefault ? "$default" : "\(method) \(template.text)"
  }
}

/// A JWT authorizer as `x-amazon-apigateway-authorizer` states it.
package struct AuthorizerDefinition: Sendable {
  package var name: String
  /// Compared for exact equality with the claim `iss`.
  package var issuer: String
  /// At least one must be in `aud`, or be `client_id` when there is no `aud`.
  package var audiences: [String]
  /// Where the token is.
  package var source: IdentitySource
  package var place: Place
}

/// Where a token is read from: exactly one selector (HTTP API JWT authorizers).
package enum IdentitySource: Sendable, Hashable {
  /// `$request.header.Name`, without regard to case.
  case header(String)
  /// `$request.querystring.name`, with regard to case.
  case query(String)

  /// Reads the selector.
  package init?(_ text: String) {
    for (prefix, make) in [
      ("$request.header.", IdentitySource.header), ("$request.querystring.", IdentitySource.query),
    ] where text.hasPrefix(prefix) && text.utf8.count > prefix.utf8.count {
      self = make(String(text.dropFirst(prefix.count)))
      return
    }
    return nil
  }
}

/// What a route asks of its caller.
package struct RouteSecurity: Sendable, Hashable {
  /// The name of the JWT scheme, or nil for a public route.
  package var authorizer: String?
  /// At least one of these must be in the token, when there are any.
  package var scopes: [String]
  /// Whether `x-api-key` must name a known key.
  package var needsAPIKey: Bool

  /// Whether a caller must be known.
  var isPrivate: Bool { authorizer != nil || needsAPIKey }

  package init(authorizer: String? = nil, scopes: [String] = [], needsAPIKey: Bool = false) {
    self.authorizer = authorizer
    self.scopes = scopes
    self.needsAPIKey = needsAPIKey
  }
}

/// What of a request is held against the document (`x-amazon-apigateway-request-validators`).
package struct RequestValidatorDefinition: Sendable, Hashable {
  package var body: Bool
  package var parameters: Bool

  package init(body: Bool, parameters: Bool) {
    self.body = body
    self.parameters = parameters
  }
}

/// What stands behind a route, from `x-amazon-apigateway-integration`.
package enum IntegrationDefinition: Sendable, Hashable {
  /// A function by name, called in-process.
  case function(name: String, payload: PayloadFormat)
  /// An upstream; `{name}` in the URI is filled from the path's parameters.
  case upstream(uri: String, method: String?, timeoutMS: Int)
  /// A fixed answer.
  case mock(status: Int, contentType: String, body: String)
}

/// The Lambda event form of an integration.
package enum PayloadFormat: String, Sendable, Hashable, CaseIterable {
  case v1 = "1.0"
  case v2 = "2.0"
}
