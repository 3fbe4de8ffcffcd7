import Diagnostics
import Templates
import Yams

extension SiteBuild {
  /// Adds the page on the API, made of its document, unless the site has a page of its own there.
  func addAPIPage(_ site: inout ParsedSite, _ sources: FileTree, _ findings: Findings) {
    let layouts = "\(settings.siteFolder)/layouts"
    guard settings.apiPage, let text = sources[settings.openAPIFile],
      !site.pages.contains(where: { $0.key == "api/index.html" }),
      sources["\(layouts)/base.html"] != nil
    else { return }
    let document: APIReference
    do throws(Diagnostic) {
      document = try APIReference(text, file: settings.openAPIFile)
    } catch {
      return findings.note(error)
    }
    let isOwn = sources["\(layouts)/api.html"] != nil
    var page = Page(
      file: settings.openAPIFile, key: "api/index.html", url: "/api/",
      template: isOwn ? "api.html" : BuiltInLayouts.api, text: text)
    page.title = document.title
    page.description = document.description
    page.front.fields["api"] = document.value
    site.pages.append(page)
  }
}

/// An OpenAPI document as a person reads it: operations by tag, then the schemas.
struct APIReference {
  let title: String
  let description: String
  private let root: Node

  init(_ text: [UInt8], file: String) throws(Diagnostic) {
    let root: Node?
    do {
      root = try Yams.compose(yaml: String(decoding: text, as: UTF8.self))
    } catch {
      throw Diagnostic(
        .apiDocumentUnreadable, "the API's document is not YAML", at: Place(file: file),
        remedy: "mend it; 'portico check' tells the place")
    }
    guard let root, root["paths"]?.mapping != nil else {
      throw Diagnostic(
        .apiDocumentUnreadable, "the API's document has no paths", at: Place(file: file, line: 1),
        remedy: "write it as OpenAPI 3.1, or set build.api_page to false")
    }
    self.root = root
    title = root["info"]?["title"]?.string ?? "API"
    description = Self.line(root["info"]?["description"])
  }

  /// What the layout sees as `page.api`.
  var value: TemplateValue {
    let operations = self.operations
    let named = (root["tags"]?.sequence ?? []).compactMap { tag -> (String, String)? in
      tag["name"]?.string.map { ($0, Self.line(tag["description"])) }
    }
    var groups = named
    for operation in operations where !groups.contains(where: { $0.0 == operation.tag }) {
      groups.append((operation.tag, ""))
    }
    let made = groups.compactMap { name, text -> TemplateValue? in
      let members = operations.filter { $0.tag == name }.map(\.value)
      guard !members.isEmpty else { return nil }
      return .map([
        "name": .string(name), "description": .string(text), "operations": .list(members),
        "id": .string("tag-\(Slug.make(name))"),
      ])
    }
    let servers = (root["servers"]?.sequence ?? []).compactMap { server -> TemplateValue? in
      guard let url = server["url"]?.string else { return nil }
      return .map(["url": .string(url), "description": .string(Self.line(server["description"]))])
    }
    return .map([
      "version": .string(root["info"]?["version"]?.string ?? ""), "groups": .list(made),
      "servers": .list(servers), "schemas": .list(schemas),
    ])
  }

  // MARK: Operations

  private static let methods = ["get", "put", "post", "delete", "patch", "head", "options"]

  private var operations: [(tag: String, value: TemplateValue)] {
    var found: [(tag: String, value: TemplateValue)] = []
    for (path, item) in root["paths"]?.mapping ?? [:] {
      guard let path = path.string else { continue }
      for method in Self.methods {
        guard let operation = item[method] else { continue }
        found.append(
          (
            operation["tags"]?[0]?.string ?? "other",
            self.operation(method, path, operation, item)
          ))
      }
    }
    return found
  }

  /// What a request must bring, in words.
  private func access(_ security: Node?) -> String {
    let names = Set(
      (security?.sequence ?? []).flatMap { $0.mapping?.keys.compactMap(\.string) ?? [] })
    if names.isEmpty { return "Public" }
    let kinds = Set(
      names.map { root["components"]?["securitySchemes"]?[$0]?["type"]?.string == "apiKey" })
    return switch (kinds.contains(true), kinds.contains(false)) {
    case (true, true): "Needs a token and an API key"
    case (true, false): "Needs an API key"
    default: "Needs a token"
    }
  }

  private func operation(
    _ method: String, _ path: String, _ operation: Node, _ item: Node
  ) -> TemplateValue {
    let parameters =
      (item["parameters"]?.sequence.map(Array.init) ?? [])
      + (operation["parameters"]?.sequence.map(Array.init) ?? [])
    let security = operation["security"] ?? root["security"]
    let body = operation["requestBody"].map(resolve)?["content"]?["application/json"]?["schema"]
    let responses = (operation["responses"]?.mapping ?? [:]).compactMap {
      status, response -> TemplateValue? in
      let response = resolve(response)
      return .map([
        "status": .string(status.string ?? ""),
        "description": .string(Self.line(response["description"])),
        "type": type(response["content"]?["application/json"]?["schema"]),
      ])
    }
    return .map([
      "method": .string(method.uppercased()), "path": .string(path),
      "id": .string("\(method)-\(Slug.make(path))"),
      "summary": .string(Self.line(operation["summary"])),
      "description": .string(Self.line(operation["description"])),
      "access": .string(access(security)),
      "parameters": .list(parameters.map(parameter)), "body": .list(fields(body)),
      "responses": .list(responses),
    ])
  }

  private func parameter(_ node: Node) -> TemplateValue {
    let node = resolve(node)
    return .map([
      "name": .string(node["name"]?.string ?? ""), "place": .string(node["in"]?.string ?? ""),
      "required": .bool(node["required"]?.bool ?? false), "type": type(node["schema"]),
      "description": .string(Self.line(node["description"])),
    ])
  }

  // MARK: Schemas

  private var schemas: [TemplateValue] {
    (root["components"]?["schemas"]?.mapping ?? [:]).compactMap { name, schema in
      guard let name = name.string else { return nil }
      return .map([
        "name": .string(name), "id": .string("schema-\(Slug.make(name))"),
        "description": .string(Self.line(schema["description"])), "fields": .list(fields(schema)),
        "type": type(schema),
      ])
    }
  }

  /// The members of an object, those of its `allOf` included.
  private func fields(_ schema: Node?, depth: Int = 0) -> [TemplateValue] {
    guard let schema, depth < 8 else { return [] }
    let resolved = resolve(schema)
    var found: [TemplateValue] = []
    for part in resolved["allOf"]?.sequence ?? [] { found += fields(part, depth: depth + 1) }
    let required = Set((resolved["required"]?.sequence ?? []).compactMap(\.string))
    for (name, property) in resolved["properties"]?.mapping ?? [:] {
      guard let name = name.string else { continue }
      found.append(
        .map([
          "name": .string(name), "required": .bool(required.contains(name)),
          "type": type(property),
          "description": .string(Self.line(resolve(property)["description"])),
        ]))
    }
    return found
  }

  /// What a value is, in words, with the schema it names.
  private func type(_ schema: Node?, depth: Int = 0) -> TemplateValue {
    guard let schema, depth < 8 else { return .map(["text": "", "schema": ""]) }
    if let name = reference(schema)?.last {
      return .map(["text": .string(name), "schema": .string("schema-\(Slug.make(name))")])
    }
    let words =
      schema["type"]?.string
      ?? (schema["type"]?.sequence ?? []).compactMap(\.string).joined(separator: " or ")
    if words == "array", case .map(let items) = type(schema["items"], depth: depth + 1) {
      return .map([
        "text": .string("list of \(items["text"].flatMap(Self.text) ?? "values")"),
        "schema": items["schema"] ?? "",
      ])
    }
    let values = (schema["enum"]?.sequence ?? []).compactMap(\.string)
    let known = values.isEmpty || values.count > 8 ? "" : ": " + values.joined(separator: ", ")
    let format = schema["format"]?.string.map { " (\($0))" } ?? ""
    return .map(["text": .string(words + format + known), "schema": ""])
  }

  private static func text(_ value: TemplateValue) -> String? {
    if case .string(let text) = value { return text }
    return nil
  }

  /// The parts of a local reference: `#/components/schemas/Quote`.
  private func reference(_ node: Node) -> [String]? {
    guard let text = node["$ref"]?.string, text.hasPrefix("#/") else { return nil }
    return text.dropFirst(2).split(separator: "/").map(String.init)
  }

  private func resolve(_ node: Node) -> Node {
    var node = node
    for _ in 0..<8 {
      guard let parts = reference(node) else { return node }
      var target: Node? = root
      for part in parts { target = target?[part] }
      guard let target else { return node }
      node = target
    }
    return node
  }

  /// A text on one line.
  private static func line(_ node: Node?) -> String {
    (node?.string ?? "").split(whereSeparator: \.isWhitespace).joined(separator: " ")
  }
}

/// Layouts that a site need not bring.
enum BuiltInLayouts {
  static let api = "portico/api.html"

  static func source(_ name: String) -> TemplateSource? {
    guard name == api else { return nil }
    return TemplateSource(file: "portico's layout of the API", text: Array(apiText.utf8))
  }

  private static let apiText = """
    {% extends "base.html" %}
    {% block main %}
    <article class="wrap article api">
      <header class="article-head">
        <h1>{{ page.title }}</h1>
        {% if page.description %}<p class="lede">{{ page.description }}</p>{% endif %}
      </header>
      <div class="prose">
        <p>Version {{ page.api.version }}. The document itself: <a href="/openapi.json">openapi.json</a>.</p>
        {% if page.api.servers %}<ul>{% for server in page.api.servers %}
          <li><code>{{ server.url }}</code>{% if server.description %}: {{ server.description }}{% endif %}</li>
          {%- endfor %}
        </ul>{% endif %}
        {% for group in page.api.groups %}
        <section>
          <h2 id="{{ group.id }}">{{ group.name }}</h2>
          {% if group.description %}<p>{{ group.description }}</p>{% endif %}
          {% for operation in group.operations %}
          <h3 id="{{ operation.id }}"><code>{{ operation.method }} {{ operation.path }}</code></h3>
          <p>{{ operation.summary }}. {{ operation.access }}.</p>
          {% if operation.description %}<p>{{ operation.description }}</p>{% endif %}
          {% if operation.parameters %}<table>
            <thead><tr><th scope="col">Parameter</th><th scope="col">In</th><th scope="col">Type</th>
              <th scope="col">Meaning</th></tr></thead>
            <tbody>{% for item in operation.parameters %}
              <tr><td><code>{{ item.name }}</code>{% if item.required %} (required){% endif %}</td>
                <td>{{ item.place }}</td><td>{{ item.type.text }}</td><td>{{ item.description }}</td></tr>{% endfor %}
            </tbody>
          </table>{% endif %}
          {% if operation.body %}<table>
            <thead><tr><th scope="col">Body member</th><th scope="col">Type</th>
              <th scope="col">Meaning</th></tr></thead>
            <tbody>{% for item in operation.body %}
              <tr><td><code>{{ item.name }}</code>{% if item.required %} (required){% endif %}</td>
                <td>{{ item.type.text }}</td><td>{{ item.description }}</td></tr>{% endfor %}
            </tbody>
          </table>{% endif %}
          <table>
            <thead><tr><th scope="col">Status</th><th scope="col">Answer</th><th scope="col">Type</th></tr></thead>
            <tbody>{% for item in operation.responses %}
              <tr><td>{{ item.status }}</td><td>{{ item.description }}</td>
                <td>{% if item.type.schema %}<a href="#{{ item.type.schema }}">{{ item.type.text }}</a>{% else -%}
                {{ item.type.text }}{% endif %}</td></tr>{% endfor %}
            </tbody>
          </table>
          {% endfor %}
        </section>
        {% endfor %}
        {% if page.api.schemas %}<h2 id="schemas">Schemas</h2>
        {% for schema in page.api.schemas %}
        <h3 id="{{ schema.id }}">{{ schema.name }}</h3>
        {% if schema.description %}<p>{{ schema.description }}</p>{% endif %}
        {% if schema.fields %}<table>
          <thead><tr><th scope="col">Member</th><th scope="col">Type</th><th scope="col">Meaning</th></tr></thead>
          <tbody>{% for item in schema.fields %}
            <tr><td><code>{{ item.name }}</code>{% if item.required %} (required){% endif %}</td>
              <td>{% if item.type.schema %}<a href="#{{ item.type.schema }}">{{ item.type.text }}</a>{% else -%}
                {{ item.type.text }}{% endif %}</td><td>{{ item.description }}</td></tr>{% endfor %}
          </tbody>
        </table>{% else %}<p>{{ schema.type.text }}</p>{% endif %}
        {% endfor %}{% endif %}
      </div>
    </article>
    {% endblock %}

    """
}
