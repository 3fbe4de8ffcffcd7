import Diagnostics
import Foundation
import JSON
import Cryptography
@testable import SiteBuilder
import SiteBundle
import TestSupport
import Testing
import Time

/// A small site in memory.
enum SmallSite {
  static let sources: [String: String] = [
    "site/layouts/base.html": """
    <!doctype html>
    <html lang="{{ site.language }}"><head><meta charset="utf-8"><title>{{ page.title }}</title>
    <link rel="stylesheet" href="/assets/css/site.css">
    <link rel="icon" href="/favicon.svg">
    <script type="module" src="/assets/js/main.js"></script></head>
    <body>{% block main %}{{ page.content | safe }}{% endblock %}</body></html>

    """,
    "site/layouts/page.html": "{% extends \"base.html\" %}",
    "site/layouts/post.html":
      """
    {% extends "base.html" %}{% block main %}<h1>{{ page.title }}</h1>{{ page.content\
     | safe }}{% if page.previous %}<a href="{{ page.previous.url }}">{{\
     page.previous.title }}</a>{% endif %}{% endblock %}
    """,
    "site/pages/index.html":
      """
    ---\ntitle: Home\n---\n{% extends "base.html" %}{% block main %}<ul>{% for post\
     in collections.news %}<li><a href="{{ post.url }}">{{ post.title }}</a>\
    </li>{% endfor %}</ul><a href="/about#team">team</a>\
    <img src="/assets/img/dot.svg" alt="" srcset="/assets/img/dot.svg 1x,\
     /assets/img/dot.svg 2x">{% endblock %}\n
    """,
    "site/pages/404.html":
      "---\ntitle: Not found\n---\n{% extends \"base.html\" %}{% block main %}<p>No.</p>{% endblock %}\n",
    "site/pages/app/index.html":
      """
    ---\ntitle: App\n---\n{% extends "base.html" %}{% block main %}<a\
     href="/app/orders">Orders</a><a href="/login">Sign in</a>\
    <meta name="robots" content="noindex">{% endblock %}\n
    """,
    "site/assets/css/site.css":
      "@import \"./more.css\";\nbody { background: url(../img/dot.svg#a); }\n/* url(no.png) */\n",
    "site/assets/css/more.css": "p { color: red; content: \"url(x)\"; }\n",
    "site/assets/img/dot.svg": "<svg xmlns=\"http://www.w3.org/2000/svg\"/>\n",
    "site/assets/js/main.js":
      """
    import { a } from "./a.js";\nimport { config } from\
     "/config.js";\nimport("./late.js");\na(config);\n
    """,
    "site/assets/js/a.js": "import { b } from './b.js';\nexport const a = (x) => b(x);\n",
    "site/assets/js/b.js": "export { a } from './a.js';\nexport const b = (x) => x;\n",
    "site/assets/js/late.js": "export default `${1 + `import \"./no.js\"`}`;\n",
    "site/static/favicon.svg": "<svg xmlns=\"http://www.w3.org/2000/svg\"></svg>\n",
    "content/about.md":
      """
    ---\ntitle: About\naliases: [/old-about]\n---\n# Us\n\n## Team\n\nSee\
     [news](news/first.md) and [there](https://example.org).\n
    """,
    "content/news/first.md":
      "---\ntitle: First\ndate: 2026-01-02\ndescription: The first\n---\nHello **world** & all.\n",
    "content/news/second.md": "---\ntitle: Second\ndate: 2026-01-03\n---\nMore.\n",
    "content/news/draft.md": "---\ntitle: Draft\ndate: 2026-01-03\ndraft: true\n---\nNo.\n",
    "content/news/future.md": "---\ntitle: Future\ndate: 2099-01-03\n---\nNo.\n",
  ]

  static var settings: SiteSettings {
    var settings = SiteSettings()
    settings.title = "Small"
    settings.baseURL = "https://example.org"
    settings.spaPrefixes = ["/app/"]
    settings.cacheFolder = ""
    return settings
  }

  /// Builds the site with some sources replaced; nil removes one.
  static func build(
    _ changes: [String: String?] = [:], settings: SiteSettings = settings
  ) throws(DiagnosticList) -> (report: SiteBuild.Report, files: [String: [UInt8]]) {
    var sources = Self.sources
    for (path, text) in changes { sources[path] = text }
    return try SiteBuild(settings: settings, time: ManualClock()).run(FileTree(texts: sources))
  }

  /// The mistakes of a build as a person reads them.
  static func mistakes(
    _ changes: [String: String?], settings: SiteSettings = settings
  ) -> String {
    do {
      _ = try build(changes, settings: settings)
      return "no mistakes\n"
    } catch {
      return error.diagnostics.map { $0.terminalText() }.joined()
    }
  }
}

extension Dictionary where Key == String, Value == [UInt8] {
  func text(_ key: String) -> String { String(decoding: self[key] ?? [], as: UTF8.self) }

  func manifest() throws -> BundleManifest {
    try BundleManifest(decoding: self[".portico/manifest.json"] ?? [], file: "manifest")
  }
}

@Suite("A whole site")
struct WholeSiteTests {
  @Test func `pages, feed and manifest are as recorded`() throws {
    let (report, files) = try SmallSite.build()
    #expect(report.warnings == [])
    #expect(report.pages == 6)
    var recorded = ""
    for key in files.keys.sorted() where ![".gz", ".br"].contains(where: key.hasSuffix) {
      recorded += "==== \(key)\n\(files.text(key))"
    }
    try Golden.expect(Array(recorded.utf8), equals: "Tests/SiteBuilderTests/Golden/site.txt")
  }

  @Test func `two builds are the same bytes`() throws {
    #expect(try SmallSite.build().files == SmallSite.build().files)
  }

  @Test func `a second run of one value is the same as the first`() throws {
    let build = SiteBuild(settings: SmallSite.settings, time: ManualClock())
    var tree = FileTree(texts: SmallSite.sources)
    let first = try build.run(tree).files
    #expect(try build.run(tree).files == first)
    tree["content/about.md"] = Array("---\ntitle: Changed\n---\n## Team\n".utf8)
    let changed = try build.run(tree).files
    #expect(changed.text("about/index.html").contains("<title>Changed</title>"))
    tree["content/about.md"] = Array((SmallSite.sources["content/about.md"] ?? "").utf8)
    #expect(try build.run(tree).files == first)
  }

  @Test func `integrity is that of the published bytes`() throws {
    let files = try SmallSite.build().files
    var checked = 0
    for (key, bytes) in files where key.hasSuffix(".html") {
      var scanner = HTMLScanner(bytes)
      while let tag = scanner.next() {
        guard let integrity = tag.attribute("integrity")?.value,
          let address = (tag.attribute("src") ?? tag.attribute("href"))?.value
        else { continue }
        let file = String(decoding: bytes[address].dropFirst(), as: UTF8.self)
        let published = try #require(files[file], "\(file)")
        #expect(
          String(decoding: bytes[integrity], as: UTF8.self)
            == "sha384-" + SHA384.hash(published).base64)
        checked += 1
      }
    }
    #expect(checked >= 12)
  }

  @Test func `entries say what the files are`() throws {
    let files = try SmallSite.build().files
    let manifest = try files.manifest()
    for entry in manifest.entries {
      let bytes = try #require(files[entry.key])
      #expect(SHA256.hash(bytes).hex == entry.sha256 && bytes.count == entry.bytes)
      for variant in entry.encodings {
        #expect(SHA256.hash(try #require(files[variant.key])).hex == variant.sha256)
        if variant.coding == "gzip" {
          #expect(files[variant.key]?.prefix(10) == [31, 139, 8, 0, 0, 0, 0, 0, 2, 255])
        }
      }
      #expect(manifest.headerGroups[entry.headerGroup] != nil)
    }
    let packed = manifest.entries.filter { !$0.encodings.isEmpty }
    #expect(!packed.isEmpty && packed.allSatisfy { $0.encodings.map(\.coding) == ["gzip", "br"] })
    #expect(packed.allSatisfy { $0.encodings[1].bytes < $0.encodings[0].bytes })
    let asset = try #require(manifest.entries.first { $0.key.hasPrefix("assets/js/main.") })
    #expect(asset.kind == .asset && asset.cacheControl == "public, max-age=31536000, immutable")
    #expect(
      manifest.entry("about/index.html")?.cacheControl == "public, max-age=0, must-revalidate")
    #expect(manifest.redirects.map(\.from) == ["/old-about", "/old-about/"])
    #expect(manifest.spaRoutes == [SPARoute(prefix: "/app/", shell: "app/index.html")])
  }

  @Test func `modules that import each other share a fingerprint`() throws {
    let keys = try SmallSite.build().files.keys.filter { $0.hasPrefix("assets/js/") }.sorted()
    let a = try #require(keys.first { $0.hasPrefix("assets/js/a.") }).split(separator: ".")[1]
    let b = try #require(keys.first { $0.hasPrefix("assets/js/b.") }).split(separator: ".")[1]
    #expect(a == b)
    let changed = try SmallSite.build(["site/assets/js/b.js": "export { a } from './a.js';\n"])
    #expect(!changed.files.keys.contains { $0.hasPrefix("assets/js/a.\(a)") })
  }

  @Test func `code in a page becomes a file`() throws {
    let page =
      """
      ---\ntitle: X\n---\n{% extends "base.html" %}{% block main %}<style>p {\
       background: url(/assets/img/dot.svg) }</style>\
      <script type="module">import "/assets/js/a.js";</script>\
      <script type="application/ld+json">{}</script>{% endblock %}
      """
    let files = try SmallSite.build(["site/pages/x.html": page]).files
    let html = files.text("x/index.html")
    #expect(!html.contains("<style"))
    #expect(html.contains("<script type=\"application/ld+json\">{}</script>"))
    let style = try #require(
      files.keys.first { $0.hasPrefix("assets/page.") && $0.hasSuffix(".css") })
    #expect(files.text(style).contains("url(/assets/img/dot."))
    #expect(html.contains("href=\"/\(style)\""))
    let script = try #require(
      files.keys.first { $0.hasPrefix("assets/page.") && $0.hasSuffix(".js") })
    #expect(files.text(script).contains("import \"/assets/js/a."))
  }

  @Test func `drafts and the future appear when asked for`() throws {
    var settings = SmallSite.settings
    settings.drafts = true
    settings.future = true
    let files = try SmallSite.build(settings: settings).files
    #expect(files["news/draft/index.html"] != nil && files["news/future/index.html"] != nil)
  }
}

@Suite("Mistakes of a site")
struct SiteMistakeTests {
  static let page = "site/pages/x.html"

  static func body(_ text: String) -> String {
    "---\ntitle: X\n---\n{% extends \"base.html\" %}{% block main %}\n\(text)\n{% endblock %}\n"
  }

  static let cases: [(String, [String: String?])] = [
    ("dead link in a template", [page: body("<p><a href=\"/abuot/\">x</a></p>")]),
    (
      "dead link in Markdown",
      ["content/about.md": "---\ntitle: A\n---\n## Team\n\nSee [x](/news/frist/).\n"]
    ),
    (
      "dead relative link",
      ["content/about.md": "---\ntitle: A\n---\n## Team\n\nSee [x](news/frist.md).\n"]
    ),
    ("dead anchor", [page: body("<a href=\"/about/#taem\">x</a>")]),
    ("dead asset", [page: body("<img src=\"/assets/img/dto.svg\" alt=\"\">")]),
    ("style attribute", [page: body("<p style=\"color: red\">x</p>")]),
    ("event attribute", [page: body("<button onclick=\"x()\">x</button>")]),
    ("code as address", [page: body("<a href=\"java\tscript:x()\">x</a>")]),
    ("import map", [page: body("<script type=\"importmap\">{}</script>")]),
    (
      "script in Markdown",
      ["content/news/first.md": "---\ntitle: F\ndate: 2026-01-02\n---\nx\n\n<script>x()</script>\n"]
    ),
    (
      "style in Markdown",
      ["content/news/first.md": "---\ntitle: F\ndate: 2026-01-02\n---\na <b style=\"x\">b</b>\n"]
    ),
    ("foreign script", [page: body("<script src=\"https://cdn.example/x.js\"></script>")]),
    (
      "foreign image in CSS",
      ["site/assets/css/more.css": "p { background: url(https://x.example/a.png) }"]
    ),
    (
      "missing import",
      ["site/assets/js/a.js": "import { b } from \"./bb.js\";\nexport { b as a };"]
    ),
    ("bare import", ["site/assets/js/late.js": "import \"lodash\";"]),
    ("broken script", ["site/assets/js/late.js": "const a = \"open;\n"]),
    ("broken style sheet", ["site/assets/css/more.css": "p { } /* open"]),
    ("no 404 page", ["site/pages/404.html": nil]),
    ("no shell", ["site/pages/app/index.html": nil]),
    ("provider's path", ["site/pages/login.html": body("x")]),
    ("two for one address", ["content/app/index.md": "---\ntitle: A\nlayout: page\n---\nx"]),
    ("misspelt field", ["content/news/first.md": "---\ntitel: F\n---\nx\n"]),
    ("wrong date", ["content/news/first.md": "---\ntitle: F\ndate: soon\n---\nx\n"]),
    ("broken front matter", ["content/news/first.md": "---\ntitle: F: G\n---\nx\n"]),
    ("open front matter", ["content/news/first.md": "---\ntitle: F\nx\n"]),
    (
      "no such layout",
      ["content/news/first.md": "---\ntitle: F\ndate: 2026-01-02\nlayout: psot\n---\nx\n"]
    ),
    ("template mistake", [page: body("{{ page.titel }}")]),
    (
      "alias on a page",
      ["content/about.md": "---\ntitle: A\naliases: [/news/first/]\n---\n## Team\n"]
    ),
    ("id twice", [page: body("<p id=\"a\"></p><p id=\"a\"></p>")]),
    ("base", [page: body("<base href=\"/\">")]),
  ]

  @Test func `each is told with its place`() throws {
    var text = ""
    for (name, changes) in Self.cases { text += "## \(name)\n" + SmallSite.mistakes(changes) }
    try Golden.expect(Array(text.utf8), equals: "Tests/SiteBuilderTests/Golden/mistakes.txt")
    #expect(!text.contains("no mistakes"))
  }

  @Test func `all mistakes of a run are told`() {
    let text = SmallSite.mistakes([
      Self.page: Self.body("<a href=\"/no/\">x</a>\n<a href=\"/nor/\">y</a>"),
      "content/about.md": "---\ntitle: A\n---\n[z](/never/)\n",
    ])
    #expect(text.contains("/no/") && text.contains("/nor/") && text.contains("/never/"))
  }

  @Test func `a policy over the quota is an error`() {
    var settings = SmallSite.settings
    settings.policySources = ["connect-src": (0..<90).map { "https://service-\($0).example.org" }]
    let text = SmallSite.mistakes([:], settings: settings)
    #expect(text.contains("B018") && text.contains("connect-src"))
  }
}

@Suite("The project's own site")
struct OwnSiteTests {
  @Test func `builds without a mistake`() throws {
    let root = Repository.root.path
    var settings = SmallSite.settings
    settings.siteFolder = "\(root)/site"
    settings.contentFolder = "\(root)/content"
    settings.openAPIFile = "\(root)/site/openapi.yaml"
    let folder = try TemporaryFolder()
    do {
      let report = try SiteBuild(settings: settings).run(
        into: BundleFolder(path: folder.path + "/dist"))
      print(report.text(folder: "dist"))
      #expect(report.pages >= 8)
      #expect(report.warnings == [])
    } catch {
      Issue.record("\(error.diagnostics.map { $0.terminalText() }.joined())")
    }
  }
}

@Suite("A build on disk")
struct DiskBuildTests {
  @Test func `a mistake leaves the old bundle whole`() throws {
    let home = try TemporaryFolder()
    var settings = SmallSite.settings
    settings.siteFolder = "\(home.path)/site"
    settings.contentFolder = "\(home.path)/content"
    settings.cacheFolder = "\(home.path)/cache"
    for (path, text) in SmallSite.sources {
      let url = URL(fileURLWithPath: "\(home.path)/\(path)")
      try FileManager.default.createDirectory(
        at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
      try Data(text.utf8).write(to: url)
    }
    let folder = BundleFolder(path: "\(home.path)/dist")
    let build = SiteBuild(settings: settings, time: ManualClock())
    _ = try build.run(into: folder)
    let first = try folder.readManifest()
    let about = URL(fileURLWithPath: "\(home.path)/content/about.md")
    try Data("---\ntitle: A\n---\n[x](/gone/)\n".utf8).write(to: about)
    #expect(throws: DiagnosticList.self) { try build.run(into: folder) }
    #expect(try folder.readManifest() == first)
    try Data("---\ntitle: A\n---\n## Team\n".utf8).write(to: about)
    _ = try build.run(into: folder)
    #expect(try folder.readManifest() != first)
    let fresh = BundleFolder(path: "\(home.path)/fresh")
    _ = try SiteBuild(settings: settings, time: ManualClock()).run(into: fresh)
    #expect(try fresh.readManifest() == folder.readManifest())
  }
}
