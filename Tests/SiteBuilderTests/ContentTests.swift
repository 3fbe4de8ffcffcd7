import Diagnostics
import Templates
import TestSupport
import Testing
import Time

@testable import SiteBuilder

@Suite("Markdown")
struct MarkdownTests {
  static let cases = Repository.files(under: "Tests/SiteBuilderTests/Cases", ending: ".md")

  @Test(arguments: cases)
  func `becomes the recorded HTML`(path: String) throws {
    let text = Array(try Repository.text(path).utf8)
    let document = MarkdownRenderer.render(text[...], base: "/docs/")
    var out = String(decoding: document.html, as: UTF8.self)
    out += "<!-- \(document.words) words; \(document.summary) -->\n"
    out += String(decoding: TableOfContents.html(document.headings), as: UTF8.self)
    try Golden.expect(Array(out.utf8), equals: String(path.dropLast(3)) + ".html")
  }

  @Test func `deep nesting ends`() {
    let deep = Array((String(repeating: "> ", count: 20_000) + "x").utf8)
    #expect(!MarkdownRenderer.render(deep[...]).html.isEmpty)
  }
}

@Suite("Front matter")
struct FrontMatterTests {
  static let cases: [(String, [String: TemplateValue])] = [
    ("title: A page", ["title": "A page"]),
    (
      "a: 1\nb: 2.5\nc: true\nd: ~\ne: -3",
      ["a": 1, "b": .double(2.5), "c": true, "d": nil, "e": -3]
    ),
    ("tags: [x, y z, 3]", ["tags": ["x", "y z", 3]]),
    ("tags:\n  - x\n  - 'y'\nz: 1", ["tags": ["x", "y"], "z": 1]),
    ("q: \"a: b\"\nr: 'it # is'", ["q": "a: b", "r": "it # is"]),
    ("date: 2026-11-20", ["date": .date(Timestamp(seconds: 1_795_132_800))]),
    ("# note\n\na: b", ["a": "b"]),
    ("a: x # note", ["a": "x"]),
    ("a:\n  b: 1\n  c: [2]", ["a": ["b": 1, "c": [2]]]),
    ("a: >\n  two\n  lines", ["a": "two lines\n"]),
    ("a: \"tab\\t\"", ["a": "tab\t"]),
    ("a: {b: 1}", ["a": ["b": 1]]),
    ("url: https://example.org/x", ["url": "https://example.org/x"]),
  ]

  @Test(arguments: cases.indices)
  func `is read`(index: Int) throws {
    let (yaml, expected) = Self.cases[index]
    let text = Array("---\n\(yaml)\n---\nBody\n".utf8)
    let front = try FrontMatter.read(text, file: "x.md")
    #expect(front.fields == expected, "\(yaml)")
    #expect(String(decoding: text[front.bodyStart...], as: UTF8.self) == "Body\n")
  }

  @Test func `a text without one has none`() throws {
    #expect(try FrontMatter.read(Array("# Hello\n---\n".utf8), file: "x").fields == [:])
  }
}

@Suite("References in style sheets and scripts")
struct LexerTests {
  static let sheets: [(String, [String])] = [
    ("a { b: url(x.png) }", ["x.png"]),
    ("a { b: url( 'x y.png' ) }", ["x y.png"]),
    ("@import \"a.css\" layer(x); @import url(b.css);", ["a.css", "b.css"]),
    ("/* url(no) */ a { content: \"url(no)\" }", []),
    ("a { b: image-set(\"a.png\" 1x, url(b.png) 2x) }", ["a.png", "b.png"]),
    ("@media (min-width: 1px) { a { b: URL(c.svg#d) } }", ["c.svg#d"]),
    ("a { --url: 'no'; b: fourl(no) }", []),
    ("@font-face { src: url(f.woff2) format(\"woff2\") }", ["f.woff2"]),
    ("a:not(.b) { c: url(\"d\") }", ["d"]),
  ]

  @Test(arguments: 0..<9)
  func `style sheets`(index: Int) throws {
    let (text, expected) = Self.sheets[index]
    #expect(
      try StylesheetLexer.references(in: Array(text.utf8)).map(\.address) == expected, "\(text)")
  }

  static let scripts: [(String, [String])] = [
    ("import \"./a.js\";", ["./a.js"]),
    ("import a from './a.js'", ["./a.js"]),
    ("import * as a from \"./a.js\"", ["./a.js"]),
    ("import a, { b as c, default as d } from \"./a.js\";", ["./a.js"]),
    ("import { from } from './from.js';", ["./from.js"]),
    ("import{a}from\"./a.js\"", ["./a.js"]),
    ("import data from './d.json' with { type: 'json' };", ["./d.json"]),
    (
      "export { a } from './a.js'; export * from './b.js'; export * as c from './c.js';",
      ["./a.js", "./b.js", "./c.js"]
    ),
    (
      "export const a = \"./no.js\"; export default './no.js'; export function f() { return './no' }",
      []
    ),
    ("const x = await import('./a.js');", ["./a.js"]),
    ("import('./a' + b + '.js'); import(name)", []),
    ("import.meta.url; const u = 'no.js';", []),
    ("object.import('./no.js'); object.from = './no.js'", []),
    ("// import './no.js'\n/* import './no.js' */ '\\'import \"./no.js\"'", []),
    ("const r = /import \"no.js\"[/\"]/g; import './a.js'", ["./a.js"]),
    ("const d = a / b; import './a.js'; x = c / 2", ["./a.js"]),
    ("if (x) /['\"]/.test(y); import './a.js'", ["./a.js"]),
    ("`${`${import('./a.js')}`} import './no.js'`", ["./a.js"]),
    ("const f = (a) => { return /'/ }; import './b.js'", ["./b.js"]),
    ("class A { #from = 'no'; static { } } import './a.js'", ["./a.js"]),
    ("export { a };\nconst b = 'no.js'", []),
    ("export async function* g() { yield /\"/ }\nimport './a.js'", ["./a.js"]),
  ]

  @Test(arguments: 0..<22)
  func `scripts`(index: Int) throws {
    let (text, expected) = Self.scripts[index]
    #expect(
      try JavaScriptLexer.references(in: Array(text.utf8)).map(\.address) == expected, "\(text)")
  }

  @Test(arguments: ["'", "\"a\nb\"", "`a", "/* a", "`${"])
  func `what does not end is an error`(text: String) {
    #expect(throws: AssetSyntaxError.self) { try JavaScriptLexer.references(in: Array(text.utf8)) }
  }
}

@Suite("Tags of a page")
struct HTMLScannerTests {
  static let cases: [(String, [String])] = [
    ("<p><a href=x>y</a>", ["p", "a href=x"]),
    ("<!-- <p> --><b>", ["b"]), ("<!--><b>", ["b"]), ("<!-- a --!><b>", ["b"]),
    ("<!doctype html><i>", ["i"]), ("a < b <3 <c>", ["c"]),
    ("<A HREF='X' b = \"c>d\" e>", ["a href=X b=c>d e"]),
    ("<script>if (a<b) '<p>'</script><q>", ["script", "q"]),
    ("<script></scripty></script ><q>", ["script", "q"]),
    ("<textarea><p></textarea><title><b></title><u>", ["textarea", "title", "u"]),
    ("<img/src=x/><br/>", ["img src=x/", "br"]),
    ("<p a=1 a=2>", ["p a=1"]), ("</p b=c><d>", ["d"]), ("<p", []),
    ("<![CDATA[<p>]]><b>", ["b"]), ("<?xml <p?><b>", ["b"]),
  ]

  @Test(arguments: cases.indices)
  func `are found`(index: Int) {
    let (text, expected) = Self.cases[index]
    let bytes = Array(text.utf8)
    var scanner = HTMLScanner(bytes)
    var found: [String] = []
    while let tag = scanner.next() {
      let attributes = tag.attributes.map { attribute in
        attribute.value.map { " \(attribute.name)=\(String(decoding: bytes[$0], as: UTF8.self))" }
          ?? " \(attribute.name)"
      }
      found.append(tag.name + attributes.joined())
    }
    #expect(found == expected, "\(text)")
  }
}

@Suite("Addresses")
struct AddressTests {
  @Test(arguments: [
    ("x", "/a/b", "/a/x"), ("../x", "/a/b/", "/a/x"), ("./", "/a/b", "/a/"), ("/x/../y", "/", "/y"),
    ("..", "/a/b/c", "/a/"), ("#f", "/a/", "/a/"), ("../../../x", "/a/", "/x"),
    ("?q", "/a/", "/a/"),
    ("/a.b/./c", "/", "/a.b/c"),
  ])
  func `are resolved`(address: String, base: String, expected: String) {
    #expect(Address.resolve(address, from: base).path == expected)
  }

  @Test func `components come after what they name`() {
    let edges = ["a": ["b", "c"], "b": ["a"], "c": ["d"], "d": [], "e": ["a"]]
    let components = StronglyConnected.components(of: ["a", "b", "c", "d", "e"], edges: edges)
    #expect(components == [["d"], ["c"], ["a", "b"], ["e"]])
  }
}
