/// A page as a tree: texts and attribute values are escaped when it is written, so that no caller
/// can forget it. Names of elements and attributes come from our own sources only.
indirect enum HTML: Sendable {
  case text(String)
  case element(String, [(String, String)], [HTML])
  case fragment([HTML])

  /// Nothing.
  static let empty = HTML.fragment([])

  /// Elements that have no end tag (HTML §13.1.2).
  private static let void: Set<String> = ["input", "link", "meta", "br"]

  /// The whole document.
  static func document(_ head: [HTML], _ body: [HTML]) -> String {
    var out = "<!doctype html>\n"
    HTML.element(
      "html", [("lang", "en")],
      [
        .element("head", [], head), .element("body", [], body),
      ]
    ).write(to: &out)
    out += "\n"
    return out
  }

  private func write(to out: inout String) {
    switch self {
    case .text(let text): out += Self.escaped(text)
    case .fragment(let children): for child in children { child.write(to: &out) }
    case .element(let name, let attributes, let children):
      out += "<\(name)"
      for (key, value) in attributes { out += " \(key)=\"\(Self.escaped(value))\"" }
      out += ">"
      if Self.void.contains(name) { return }
      for child in children { child.write(to: &out) }
      out += "</\(name)>"
    }
  }

  /// Safe in texts and in quoted attribute values.
  static func escaped(_ text: String) -> String {
    var out = ""
    out.reserveCapacity(text.utf8.count)
    for scalar in text.unicodeScalars {
      switch scalar {
      case "&": out += "&amp;"
      case "<": out += "&lt;"
      case ">": out += "&gt;"
      case "\"": out += "&quot;"
      case "'": out += "&#39;"
      default: out.unicodeScalars.append(scalar)
      }
    }
    return out
  }
}

extension HTML {
  static func p(_ text: String, _ style: String = "") -> HTML {
    .element("p", style.isEmpty ? [] : [("class", style)], [.text(text)])
  }

  static func a(_ text: String, href: String) -> HTML {
    .element("a", [("href", href)], [.text(text)])
  }

  static func hidden(_ name: String, _ value: String) -> HTML {
    .element("input", [("type", "hidden"), ("name", name), ("value", value)], [])
  }
}
