import Diagnostics
import JSON

/// Reads `x-amazon-apigateway-integration`.
struct IntegrationReader {
  let findings: LoadFindings

  private static let members = [
    "type", "uri", "httpMethod", "payloadFormatVersion", "timeoutInMillis", "connectionType",
    "responses", "requestTemplates", "description",
  ]

  /// The integration of an operation, or nil after a finding.
  func read(_ operation: SourceNode, template: PathTemplate, at place: Place)
    -> IntegrationDefinition?
  {
    guard let node = operation["x-amazon-apigateway-integration"] else {
      findings.refuse(
        .integrationInvalid, "the route has no integration", at: place,
        remedy: "add x-amazon-apigateway-integration")
      return nil
    }
    findings.checkMembers(of: node, "an integration", known: Self.members)
    if let connection = node["connectionType"], connection.text != "INTERNET" {
      findings.refuse(
        .openAPIUnsupported, "the connection type '\(connection.text ?? "")' is not honoured",
        at: connection.place, remedy: "remove it")
    }
    switch node["type"]?.text?.lowercased() {
    case "aws_proxy": return function(node)
    case "http_proxy": return upstream(node, template)
    case "mock": return mock(node)
    default:
      findings.refuse(
        .integrationInvalid, "the integration's type is not honoured",
        at: node["type"]?.place ?? node.place, remedy: "write aws_proxy, http_proxy or mock")
      return nil
    }
  }

  // MARK: Functions

  private func function(_ node: SourceNode) -> IntegrationDefinition? {
    let version = node["payloadFormatVersion"]
    guard let format = PayloadFormat(rawValue: version?.text ?? "2.0") else {
      findings.refuse(
        .integrationInvalid, "the payload format is neither 1.0 nor 2.0", at: version?.place,
        remedy: "write payloadFormatVersion: '2.0'")
      return nil
    }
    if let timeout = node["timeoutInMillis"] {
      findings.refuse(
        .openAPIUnsupported, "a timeout of one function is not honoured", at: timeout.place,
        remedy: "set edge.listener.api_timeout_ms, or x-portico-time-class: stream")
    }
    guard let uri = node["uri"]?.text, let name = Self.functionName(uri) else {
      findings.refuse(
        .integrationInvalid, "the integration names no function",
        at: node["uri"]?.place ?? node.place,
        remedy: "write the function's name, or AWS's form around ${Name.Arn}")
      return nil
    }
    return .function(name: name, payload: format)
  }

  /// The function of a `uri`: its name, `${Name.Arn}` or a Lambda ARN, plain or in the
  /// invocation form `arn:…:lambda:path/2015-03-31/functions/…/invocations`.
  static func functionName(_ uri: String) -> String? {
    var text = uri[...]
    if let range = text.firstRange(of: "/functions/") {
      guard text.hasPrefix("arn:"), text.hasSuffix("/invocations") else { return nil }
      text = text[range.upperBound...].dropLast("/invocations".count)
    }
    if text.hasPrefix("${"), text.hasSuffix(".Arn}") {
      text = text.dropFirst(2).dropLast(5)
    } else if let range = text.firstRange(of: ":function:") {
      text = text[range.upperBound...].prefix { $0 != ":" }
    }
    let allowed = text.utf8.allSatisfy { byte in
      switch byte {
      case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x5F: true
      default: false
      }
    }
    return allowed && (1...64).contains(text.utf8.count) ? String(text) : nil
  }

  // MARK: Upstreams

  private func upstream(_ node: SourceNode, _ template: PathTemplate) -> IntegrationDefinition? {
    let uri = node["uri"]?.text ?? ""
    guard uri.hasPrefix("http://") || uri.hasPrefix("https://"), !uri.contains("${") else {
      findings.refuse(
        .integrationInvalid, "the upstream's address is not an http or https URL",
        at: node["uri"]?.place ?? node.place, remedy: "write it as https://host/path/{proxy}")
      return nil
    }
    if UpstreamTarget.isForbidden(uri) {
      findings.refuse(
        .integrationInvalid, "the upstream is a link-local or metadata address",
        at: node["uri"]?.place, remedy: "name a host of your own")
    }
    for name in Self.placeholders(uri) where !template.parameters.contains(name) {
      findings.refuse(
        .integrationInvalid, "the upstream's address uses '{\(name)}', which the path lacks",
        at: node["uri"]?.place, remedy: "add it to the path, or remove it here")
    }
    let timeout = node["timeoutInMillis"]?.int ?? 30_000
    if !(50...30_000).contains(timeout) {
      findings.refuse(
        .integrationInvalid, "the timeout is outside 50 to 30,000 ms",
        at: node["timeoutInMillis"]?.place, remedy: "choose one within")
    }
    let method = node["httpMethod"]?.text?.uppercased()
    return .upstream(uri: uri, method: method == "ANY" ? nil : method, timeoutMS: timeout)
  }

  private static func placeholders(_ uri: String) -> [String] {
    uri.split(separator: "{").dropFirst().compactMap { part in
      part.firstIndex(of: "}").map { String(part[..<$0]) }
    }
  }

  // MARK: Mocks

  private func mock(_ node: SourceNode) -> IntegrationDefinition? {
    var selected = 200
    if let templates = node["requestTemplates"] {
      let text = templates["application/json"]?.text ?? ""
      guard let status = (try? JSON(parsing: text))?["statusCode"]?.int else {
        findings.refuse(
          .integrationInvalid, "the mock's request template is not {\"statusCode\": …}",
          at: templates.place, remedy: "write it as JSON without variables")
        return nil
      }
      selected = status
    }
    let responses = node["responses"]
    guard let response = responses?[String(selected)] ?? responses?["default"] else {
      return .mock(status: selected, contentType: "application/json", body: "")
    }
    findings.checkMembers(
      of: response, "a mock's response", known: ["statusCode", "responseTemplates"])
    let template = response["responseTemplates"]?.members.first
    let body = template?.value.text ?? ""
    if body.contains("$") || body.contains("#set") || body.contains("#if") {
      findings.refuse(
        .openAPIUnsupported, "templates of VTL are not honoured", at: template?.value.place,
        remedy: "write the body as it shall be sent")
    }
    let status = response["statusCode"]?.int ?? selected
    guard (200...599).contains(status) else {
      findings.refuse(
        .integrationInvalid, "the mock's status \(status) is no status of an answer",
        at: response.place, remedy: "choose one from 200 to 599")
      return nil
    }
    return .mock(
      status: status, contentType: template?.key.text ?? "application/json", body: body)
  }
}
