import Diagnostics

extension DiagnosticCode {
  /// An API document that is not YAML, not a mapping or not OpenAPI 3.1.
  package static let openAPISyntax: DiagnosticCode = "G001"
  /// Something in an API document that Portico does not honour.
  package static let openAPIUnsupported: DiagnosticCode = "G002"
  /// An integration names a function that no handler is bound to.
  package static let functionUnbound: DiagnosticCode = "G003"
  /// A path template that cannot be matched, or two routes with one key.
  package static let routeInvalid: DiagnosticCode = "G004"
  /// A file of the site lies on a path that the API answers.
  package static let pageOnRoute: DiagnosticCode = "G005"
  /// An authorizer or a security requirement that cannot be enforced.
  package static let authorizerInvalid: DiagnosticCode = "G006"
  /// A CORS policy that browsers or AWS refuse.
  package static let corsInvalid: DiagnosticCode = "G007"
  /// A setting of the gateway names a route that does not exist.
  package static let routeUnknown: DiagnosticCode = "G008"
  /// The bundle is larger than what may be held in memory.
  package static let bundleTooLarge: DiagnosticCode = "G009"
  /// An integration that cannot be carried out.
  package static let integrationInvalid: DiagnosticCode = "G010"
  /// A usage plan or an API key that cannot be used.
  package static let usagePlanInvalid: DiagnosticCode = "G011"
  /// A variable in an API document that has no value.
  package static let variableUnknown: DiagnosticCode = "G012"
  /// A text of the gateway's settings that is longer than allowed.
  package static let settingTooLong: DiagnosticCode = "G013"
  /// A stream where only bytes at hand can be handed over.
  package static let streamInEvent: DiagnosticCode = "G014"
  /// A setting names an authorizer that no document has.
  package static let authorizerUnknown: DiagnosticCode = "G015"
  /// A template of the access log that names what is not known.
  package static let accessLogInvalid: DiagnosticCode = "G016"
  /// A catch-all route with an authorizer takes preflights.
  package static let defaultEatsPreflight: DiagnosticCode = "G040"
  /// A route wants API keys where none is known.
  package static let keyRouteWithoutKeys: DiagnosticCode = "G041"
  /// A public route that writes has no limit by address.
  package static let openWriteWithoutLimit: DiagnosticCode = "G042"
  /// A route's limit that its stage's limit hides.
  package static let routeLimitAboveStage: DiagnosticCode = "G043"
  /// An application's shell would hide the API's errors.
  package static let shellMasksAPI: DiagnosticCode = "G044"
  /// A route with a token that any origin may call.
  package static let anyOriginOnPrivateRoute: DiagnosticCode = "G046"
  /// A Content-Security-Policy longer than CloudFront takes.
  package static let policyTooLong: DiagnosticCode = "G045"
}
