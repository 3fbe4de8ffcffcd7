import Templates
import Time

/// The Atom feed (RFC 4287) of one collection.
enum Feed {
  static let key = "feed.xml"
  static let contentType = "application/atom+xml; charset=utf-8"

  static func bytes(_ pages: [Page], _ settings: SiteSettings) -> [UInt8] {
    var out = XMLText()
    let base = settings.baseURL
    out.raw("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n")
    out.raw("<feed xmlns=\"http://www.w3.org/2005/Atom\" xml:lang=\"")
    out.text(settings.language)
    out.raw("\">\n")
    out.element("title", settings.title)
    if !settings.description.isEmpty { out.element("subtitle", settings.description) }
    out.raw("<link rel=\"self\" href=\"")
    out.text("\(base)/\(key)")
    out.raw("\"/>\n<link href=\"")
    out.text("\(base)/")
    out.raw("\"/>\n")
    out.element("id", "\(base)/")
    // Never the time of the build: the feed changes when an entry does.
    let newest = pages.compactMap { $0.updated ?? $0.date }.max { $0 < $1 }
    out.element("updated", (newest ?? Timestamp(seconds: 0)).seconds3339)
    out.raw("<author>")
    out.element("name", settings.author.isEmpty ? settings.title : settings.author)
    out.raw("</author>\n")
    for page in pages.prefix(settings.feedEntries) { entry(page, base, &out) }
    out.raw("</feed>\n")
    return out.bytes
  }

  private static func entry(_ page: Page, _ base: String, _ out: inout XMLText) {
    let address = base + page.url
    out.raw("<entry>\n")
    out.element("title", page.title)
    out.raw("<link href=\"")
    out.text(address)
    out.raw("\"/>\n")
    out.element("id", address)
    let date = page.date ?? Timestamp(seconds: 0)
    out.element("published", date.seconds3339)
    out.element("updated", (page.updated ?? date).seconds3339)
    if !page.description.isEmpty { out.element("summary", page.description) }
    out.raw("<content type=\"html\" xml:base=\"")
    out.text(address)
    out.raw("\">")
    Escaping.append(page.document.html, to: &out.bytes)
    out.raw("</content>\n</entry>\n")
  }
}

/// `sitemap.xml` and the default `robots.txt`.
enum Sitemap {
  static let key = "sitemap.xml"

  /// Addresses of one file (sitemaps.org).
  private static let most = 50_000

  static func bytes(_ pages: [Page], _ settings: SiteSettings) -> [UInt8] {
    var out = XMLText()
    out.raw("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n")
    out.raw("<urlset xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\">\n")
    for page in pages.prefix(most) {
      out.raw("<url><loc>")
      out.text(settings.baseURL + page.url)
      out.raw("</loc>")
      if let date = page.updated ?? page.date {
        out.raw("<lastmod>")
        out.text(date.isoDate)
        out.raw("</lastmod>")
      }
      out.raw("</url>\n")
    }
    out.raw("</urlset>\n")
    return out.bytes
  }

  static func robots(_ settings: SiteSettings) -> [UInt8] {
    Array("User-agent: *\nAllow: /\n\nSitemap: \(settings.baseURL)/\(key)\n".utf8)
  }
}

/// Markup written by hand, with every text escaped.
struct XMLText {
  var bytes: [UInt8] = []

  mutating func raw(_ text: String) { bytes.append(contentsOf: text.utf8) }

  mutating func text(_ text: String) { Escaping.append(text, to: &bytes) }

  mutating func element(_ name: String, _ text: String) {
    raw("<\(name)>")
    self.text(text)
    raw("</\(name)>\n")
  }
}

extension Timestamp {
  /// RFC 3339 without a fraction.
  var seconds3339: String { String(iso8601.prefix(19)) + "Z" }
}
