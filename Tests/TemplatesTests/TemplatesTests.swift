import Diagnostics
import Templates
import TestSupport
import Testing
import Time

/// Renders one template among some others.
func rendered(
  _ template: String, _ context: [String: TemplateValue] = [:], with others: [String: String] = [:]
) throws -> String {
  var all = others
  all["main"] = template
  let templates = all
  let set = TemplateSet { (name: String) in templates[name].map { Array($0.utf8) } }
  return String(decoding: try set.render("main", context), as: UTF8.self)
}

@Suite("Templates")
struct TemplateTests {
  static let cases: [(String, [String: TemplateValue], String)] = [
    ("plain { text } stays", [:], "plain { text } stays"),
    ("{{ a.b }}", ["a": ["b": 3]], "3"),
    ("{{ x }}", ["x": "<a href=\"'&\">"], "&lt;a href=&quot;&#39;&amp;&quot;&gt;"),
    ("{{ x | safe }}", ["x": "<b>"], "<b>"),
    ("{{ x | escape }}", ["x": "<b>"], "&lt;b&gt;"),
    ("{{ x }}", ["x": .safe(Array("<i>".utf8))], "<i>"),
    ("{{ x | default(\"none\") }}", [:], "none"),
    ("{{ x.y.z | default }}|", ["x": [:]], "|"),
    ("{{ x | default(y) }}", ["y": "<"], "&lt;"),
    ("{% if a %}1{% elif b %}2{% else %}3{% endif %}", ["b": true], "2"),
    ("{% if a == 1 and not b or c in d %}y{% else %}n{% endif %}", ["a": 1], "y"),
    ("{% if \"x\" in tags %}y{% endif %}", ["tags": ["w", "x"]], "y"),
    ("{% if \"x\" not in tags %}y{% else %}n{% endif %}", ["tags": ["w", "x"]], "n"),
    ("{% if 2 < 3 and 3 <= 3 and 4 > 3.5 and 4 >= 4 and 1 != 2 %}y{% endif %}", [:], "y"),
    (
      "{% for x in l %}{{ loop.index }}/{{ loop.length }}{{ x }}{% if not loop.last %},{% endif %}{% endfor %}",
      ["l": ["a", "b"]], "1/2a,2/2b"
    ),
    ("{% for x in l %}{% else %}empty{% endfor %}", ["l": []], "empty"),
    ("{% for k, v in m %}{{ k }}={{ v }};{% endfor %}", ["m": ["b": 2, "a": 1]], "a=1;b=2;"),
    ("{% set x = \"v\" %}{{ x | upper }}", [:], "V"),
    ("{% raw %}{{ no }}{% endraw %}!", [:], "{{ no }}!"),
    ("a{# no {{ x }} #}b", [:], "ab"),
    ("a \n {%- if true -%} \n b \n {%- endif %} c", [:], "ab c"),
    ("{{ d | date(\"%d %B %Y\") }}", ["d": "2026-11-05"], "05 November 2026"),
    (
      "{{ d | date(\"%-d %b %y, %A %H:%M\") }}", ["d": "2026-11-05T09:07:00Z"],
      "5 Nov 26, Thursday 09:07"
    ),
    ("{{ d | isodate }}", ["d": .date(Timestamp(seconds: 0))], "1970-01-01"),
    (
      "{{ l | join(\"-\") }}{{ l | length }}{{ l | first }}{{ l | last }}", ["l": [1, 2, 3]],
      "1-2-3313"
    ),
    ("{{ t | truncate(9) }}", ["t": "one two three"], "one two…"),
    ("{{ t | slug }}", ["t": "What's New? Über 5 %"], "whats-new-über-5"),
    ("{{ t | replace(\"a\", \"bb\") | lower }}", ["t": "AaA"], "abba"),
    (
      "{{ v | json }}", ["v": ["a": [1, "</script>"]]],
      "{&quot;a&quot;:[1,&quot;\\u003c/script&gt;&quot;]}"
    ),
    ("{{ \"/x/\" | absolute_url }}", ["site": ["base_url": "https://e.org"]], "https://e.org/x/"),
    ("{{ a[0] }}{{ a[-1] }}{{ m[\"k\"] }}", ["a": [1, 2], "m": ["k": 3]], "123"),
    ("{{ \"a\" ~ 1 }}", [:], "a1"),
  ]

  @Test(arguments: cases.indices)
  func `renders`(index: Int) throws {
    let (template, context, expected) = Self.cases[index]
    #expect(try rendered(template, context) == expected, "\(template)")
  }

  @Test func `inheritance, inclusion and super`() throws {
    let base = "<{% block a %}base{% endblock %}|{% block b %}b{% endblock %}>{{ mood }}"
    let middle = "{% extends \"base\" %}{% block a %}mid({{ super() }}){% endblock %}"
    let child =
      "{% extends \"middle\" %}{% set mood = \"!\" %}\n{% block a %}{% include \"part\" %}+{{ super() }}{% endblock %}"
    let text = try rendered(
      child, ["x": "<"], with: ["base": base, "middle": middle, "part": "p{{ x }}"])
    #expect(text == "<p&lt;+mid(base)|b>!")
  }

  @Test func `dependencies are all templates a page is made of`() throws {
    let set = TemplateSet { (name: String) in
      [
        "main": "{% extends \"base\" %}", "base": "{% include \"nav\" %}", "nav": "n",
      ][name].map { Array($0.utf8) }
    }
    #expect(try set.dependencies(of: "main") == ["base", "main", "nav"])
  }

  @Test func `a trace leads from a byte of the page to its source`() throws {
    let set = TemplateSet { (_: String) in Array("ab\n<p {{ x }}>\n".utf8) }
    let page = try set.renderTraced("main", ["x": "zz"])
    #expect(String(decoding: page.bytes, as: UTF8.self) == "ab\n<p zz>\n")
    let text = try #require(page.origin(of: 4))
    #expect(text.isExact && text.place.line == 2 && text.place.column == 2)
    let value = try #require(page.origin(of: 7))
    #expect(!value.isExact && value.place.line == 2 && value.place.column == 7)
  }
}

@Suite("Template mistakes")
struct TemplateMistakeTests {
  static let cases: [(String, [String: TemplateValue])] = [
    ("<p>\n  {{ page.titel }}", ["page": ["title": "x"]]),
    ("{{ nothing }}", [:]),
    ("{{ x | upcase }}", ["x": "a"]),
    ("{% fro x in y %}", [:]),
    ("{% if a %}", [:]),
    ("{{ a ", [:]),
    ("{% include \"gone\" %}", [:]),
    ("{% for x in n %}{% endfor %}", ["n": 3]),
    ("{{ m }}", ["m": [:]]),
    ("{% endif %}", [:]),
    ("{{ d | date(\"%Y\") }}", ["d": "soon"]),
    ("text{% extends \"main\" %}", [:]),
    ("{% extends \"other\" %}stray", [:]),
    ("{% if 1 < \"a\" %}{% endif %}", [:]),
    ("{# never", [:]),
    ("{{ \"open }}", [:]),
    ("{{ loop.index }}", [:]),
    ("{% for x in [1] %}{{ loop.idx }}{% endfor %}", [:]),
    ("{% include \"main\" %}", [:]),
    ("{% extends \"main\" %}", [:]),
    ("{{ super() }}", [:]),
    ("{{ x | truncate(1, 2) }}", ["x": "a"]),
    ("{{ a $ b }}", [:]),
  ]

  @Test func `each is one diagnostic with its place`() throws {
    var text = ""
    for (template, context) in Self.cases {
      do {
        text += "NO ERROR: \(template) -> \(try rendered(template, context, with: ["other": ""]))\n"
      } catch let diagnostic as Diagnostic {
        text += diagnostic.terminalText()
      }
    }
    try Golden.expect(Array(text.utf8), equals: "Tests/TemplatesTests/Golden/mistakes.txt")
  }

  @Test func `nesting is bounded`() {
    let deep = String(repeating: "{% if true %}", count: 80)
    #expect(throws: Diagnostic.self) { try rendered(deep) }
    let parentheses = "{{ " + String(repeating: "(", count: 90) + "1"
    #expect(throws: Diagnostic.self) { try rendered(parentheses) }
  }
}
