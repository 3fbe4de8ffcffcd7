import Diagnostics
import HTTPExchange
import JSON

/// Reads an OpenAPI 3.1 document; whatever Portico does not honour is refused, with its place.
package struct OpenAPILoader {
  private let findings = LoadFindings()
  private let root: SourceNode
  private let file: String

  private static let rootMembers = [
    "openapi", "info", "servers", "paths", "components", "security", "tags", "externalDocs",
    "jsonSchemaDialect", "x-amazon-apigateway-cors", "x-amazon-apigateway-request-validators",
    "x-amazon-apigateway-request-validator",
  ]
  private static let componentMembers = [
    "schemas", "responses", "parameters", "examples", "requestBodies", "headers",
    "securitySchemes",
  ]

  /// Reads a document.
  ///
  /// - Parameters:
  ///   - text: YAML or JSON.
  ///   - file: the path as the person knows it.
  ///   - variables: values of `${name}` such as `accounts.issuer_url`.
  package static func load(_ text: String, file: String, variables: [String: String] = [:])
    throws(DiagnosticList) -> APIDocument
  {
    var filled = text
    for (name, value) in variables { filled = filled.replacing("${\(name)}", with: value) }
    let root: SourceNode
    do {
      root = try SourceNode(parsing: filled, file: file)
    } catch {
      throw DiagnosticList([error])
    }
    let loader = OpenAPILoader(root: root, file: file)
    let document = loader.document()
    if !loader.findings.diagnostics.isEmpty { throw DiagnosticList(loader.findings.diagnostics) }
    return document
  }

  private init(root: SourceNode, file: String) {
    self.root = root
    self.file = file
  }

  private func document() -> APIDocument {
    findings.checkMembers(of: root, "the document", known: Self.rootMembers)
    checkVersion()
    if let components = root["components"] {
      findings.checkMembers(of: components, "'components'", known: Self.componentMembers)
    }
    let schemes = SecuritySchemes(root: root, findings: findings)
    let validators = validatorDefinitions()
    let cors = root["x-amazon-apigateway-cors"].map { CORSPolicy(node: $0, findings: findings) }
    let operations = (root["paths"]?.members ?? []).flatMap {
      path(key: $0.key, item: $0.value, schemes: schemes, validators: validators)
    }
    return APIDocument(
      file: file, title: root["info"]?["title"]?.text ?? "", operations: operations,
      authorizers: schemes.authorizers, cors: cors, json: root.json)
  }

  private func checkVersion() {
    let version = root["openapi"]?.text ?? ""
    if !version.hasPrefix("3.1.") {
      findings.refuse(
        .openAPISyntax, "the document is not OpenAPI 3.1", at: root["openapi"]?.place ?? root.place,
        remedy: "write 'openapi: 3.1.0'")
    }
    if let dialect = root["jsonSchemaDialect"],
      dialect.text != "https://json-schema.org/draft/2020-12/schema"
    {
      findings.refuse(
        .openAPIUnsupported, "the schema dialect '\(dialect.text ?? "")' is not honoured",
        at: dialect.place, remedy: "remove it: schemas are read as draft 2020-12")
    }
    for server in root["servers"]?.elements ?? [] {
      findings.checkMembers(of: server, "a server", known: ["url", "description"])
    }
  }

  // MARK: Validators

  private func validatorDefinitions() -> [String: RequestValidatorDefinition] {
    var definitions: [String: RequestValidatorDefinition] = [:]
    for (key, value) in root["x-amazon-apigateway-request-validators"]?.members ?? [] {
      findings.checkMembers(
        of: value, "a request validator",
        known: ["validateRequestBody", "validateRequestParameters"])
      definitions[key.text ?? ""] = RequestValidatorDefinition(
        body: value["validateRequestBody"]?.bool ?? false,
        parameters: value["validateRequestParameters"]?.bool ?? false)
    }
    return definitions
  }

  private func validator(
    of operation: SourceNode, _ definitions: [String: RequestValidatorDefinition]
  ) -> RequestValidatorDefinition {
    let none = RequestValidatorDefinition(body: false, parameters: false)
    guard
      let name = operation["x-amazon-apigateway-request-validator"]
        ?? root["x-amazon-apigateway-request-validator"]
    else { return none }
    if let definition = definitions[name.text ?? ""] { return definition }
    findings.refuse(
      .openAPIUnsupported, "there is no request validator '\(name.text ?? "")'", at: name.place,
      remedy: "define it under x-amazon-apigateway-request-validators")
    return none
  }

  // MARK: Paths

  private static let methods = [
    "get": "GET", "put": "PUT", "post": "POST", "delete": "DELETE", "options": "OPTIONS",
    "head": "HEAD", "patch": "PATCH", "x-amazon-apigateway-any-method": "ANY",
  ]
  private static let operationMembers = [
    "tags", "summary", "description", "externalDocs", "operationId", "parameters", "requestBody",
    "responses", "deprecated", "security", "x-amazon-apigateway-integration",
    "x-amazon-apigateway-request-validator", "x-portico-time-class",
  ]

  private func path(
    key: SourceNode, item: SourceNode, schemes: SecuritySchemes,
    validators: [String: RequestValidatorDefinition]
  ) -> [APIOperation] {
    findings.checkMembers(
      of: item, "a path", known: Self.methods.keys + ["summary", "description", "parameters"])
    guard let template = template(key) else { return [] }
    return item.members.compactMap { name, operation in
      guard let method = Self.methods[name.text ?? ""] else { return nil }
      if template.isDefault, method != "ANY" {
        findings.refuse(
          .routeInvalid, "'/$default' takes any method", at: name.place,
          remedy: "write x-amazon-apigateway-any-method below it")
      }
      findings.checkMembers(of: operation, "an operation", known: Self.operationMembers)
      let integration = IntegrationReader(findings: findings).read(
        operation, template: template, at: name.place)
      guard let integration else { return nil }
      return APIOperation(
        method: method, template: template, integration: integration,
        security: schemes.security(of: operation, at: name.place),
        timeClass: timeClass(operation), validates: validator(of: operation, validators),
        json: merged(operation, with: item), place: name.place)
    }
  }

  private func template(_ key: SourceNode) -> PathTemplate? {
    let text = key.text ?? ""
    do throws(PathTemplate.Refusal) {
      return try PathTemplate(text)
    } catch {
      let reason =
        switch error {
        case .noLeadingSlash: "does not begin with '/'"
        case .brokenBraces: "has a segment that is neither literal nor one {parameter}"
        case .greedyNotLast: "has a greedy parameter that is not last"
        case .repeatedParameter(let name): "has the parameter '\(name)' twice"
        }
      findings.refuse(
        .routeInvalid, "the path '\(text)' \(reason)", at: key.place,
        remedy: "write segments as 'name', '{name}' or, last, '{name+}'")
      return nil
    }
  }

  private func timeClass(_ operation: SourceNode) -> TimeClass {
    guard let node = operation["x-portico-time-class"] else { return .api }
    if let value = TimeClass(rawValue: node.text ?? "") { return value }
    findings.refuse(
      .openAPIUnsupported, "'\(node.text ?? "")' is not a time class", at: node.place,
      remedy: "write 'api' or 'stream'")
    return .api
  }

  private func merged(_ operation: SourceNode, with item: SourceNode) -> JSON {
    guard var object = operation.json.object else { return operation.json }
    if let shared = item["parameters"]?.json.array {
      object["parameters"] = .array(shared + (object["parameters"]?.array ?? []))
    }
    return .object(object)
  }
}
