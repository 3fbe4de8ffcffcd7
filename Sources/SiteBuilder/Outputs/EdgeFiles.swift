import Diagnostics
import JSON
import SiteBundle

/// What CloudFront needs to behave as serve does: a viewer-request function and a policy of header
/// fields, made of the same values.
enum EdgeFiles {
  /// Fields that CloudFront's policy has a place of their own for.
  static let builtIn: Set<String> = [
    "Content-Security-Policy", "Strict-Transport-Security", "X-Content-Type-Options",
    "X-Frame-Options", "Referrer-Policy",
  ]
  /// Bytes of a CloudFront function.
  private static let functionBytes = 10_240

  static let functionKey = ".portico/edge/viewer-request.js"
  static let policyKey = ".portico/edge/response-headers-policy.json"

  // MARK: The function

  /// URL rules for CloudFront Functions, runtime 2.0.
  static func viewerRequest(
    redirects: [Redirect], spaRoutes: [SPARoute], pages: [String], findings: Findings
  ) -> [UInt8] {
    let moved = JSON.object(
      JSONObject(redirects.map { ($0.from, [.string($0.to), .int($0.status)]) }))
    let routes = JSON.array(spaRoutes.map { [.string($0.prefix), .string("/" + $0.shell)] })
    let known = pages.filter { page in spaRoutes.contains { page.hasPrefix($0.prefix) } }
    let list = JSON.object(JSONObject(known.sorted().map { ($0, 1) }))
    let code = """
      // Made by 'portico build' from the same rules that serve follows; do not edit.
      var moved = \(moved.text);
      var routes = \(routes.text);
      var pages = \(list.text);
      function query(request) {
        var parts = [];
        for (var name in request.querystring) {
          var entry = request.querystring[name];
          var values = entry.multiValue || [entry];
          for (var i = 0; i < values.length; i++) {
            parts.push(values[i].value === '' ? name : name + '=' + values[i].value);
          }
        }
        return parts.length ? '?' + parts.join('&') : '';
      }
      function redirect(status, to) {
        return { statusCode: status, statusDescription: status === 301 ? 'Moved Permanently' : 'Found',
          headers: { location: { value: to }, 'cache-control': { value: 'public, max-age=300' } } };
      }
      function handler(event) {
        var request = event.request;
        var uri = request.uri;
        if (/\\/\\.(?!well-known\\/)/.test(uri)) return { statusCode: 404, statusDescription: 'Not Found' };
        if (moved[uri]) return redirect(moved[uri][1], moved[uri][0] + query(request));
        if (uri.endsWith('/index.html')) return redirect(301, uri.slice(0, -10) + query(request));
        var name = uri.slice(uri.lastIndexOf('/') + 1);
        if (name.indexOf('.') >= 0) return request;
        var page = name === '' ? uri : uri + '/';
        for (var i = 0; i < routes.length; i++) {
          if (uri.startsWith(routes[i][0]) && !pages[page]) {
            var accept = request.headers.accept;
            var wants = accept && accept.value.indexOf('text/html') >= 0;
            if (request.method === 'GET' && wants) request.uri = routes[i][1];
            return request;
          }
        }
        if (name !== '') return redirect(301, page + query(request));
        request.uri = uri + 'index.html';
        return request;
      }

      """
    let bytes = Array(code.utf8)
    if bytes.count > functionBytes {
      findings.note(
        Diagnostic(
          .policyTooLong,
          "the edge function has \(bytes.count) bytes, and CloudFront takes \(functionBytes)",
          remedy: "remove old aliases, or pages below the applications' prefixes"))
    }
    return bytes
  }

  // MARK: The policy

  /// `ResponseHeadersPolicyConfig` per header group, as CloudFront's API takes it.
  static func responseHeadersPolicy(_ policy: HeaderPolicy) -> [UInt8] {
    let document: JSON = [
      "page": config("portico-page", policy.pageFields + policy.tlsFields),
      "asset": config("portico-asset", policy.assetFields + policy.tlsFields),
    ]
    return Array((document.prettyText + "\n").utf8)
  }

  private static func config(_ name: String, _ fields: [HeaderPair]) -> JSON {
    var security = JSONObject()
    var custom: [JSON] = []
    for field in fields {
      switch field.name {
      case "Content-Security-Policy":
        security["ContentSecurityPolicy"] = [
          "Override": true, "ContentSecurityPolicy": .string(field.value),
        ]
      case "X-Content-Type-Options": security["ContentTypeOptions"] = ["Override": true]
      case "X-Frame-Options":
        security["FrameOptions"] = ["Override": true, "FrameOption": .string(field.value)]
      case "Referrer-Policy":
        security["ReferrerPolicy"] = ["Override": true, "ReferrerPolicy": .string(field.value)]
      case "Strict-Transport-Security":
        let age = Int(field.value.drop { !$0.isNumber }.prefix { $0.isNumber }) ?? 0
        security["StrictTransportSecurity"] = [
          "Override": true, "AccessControlMaxAgeSec": .int(age), "IncludeSubdomains": true,
          "Preload": false,
        ]
      default:
        custom.append([
          "Header": .string(field.name), "Value": .string(field.value), "Override": true,
        ])
      }
    }
    return [
      "Name": .string(name), "SecurityHeadersConfig": .object(security),
      "CustomHeadersConfig": ["Quantity": .int(custom.count), "Items": .array(custom)],
    ]
  }
}
