import Diagnostics
import Templates
import Time

/// Turns source files into pages: front matter, Markdown, address.
struct PageReader: Sendable {
  let settings: SiteSettings
  let now: Timestamp
  let findings: Findings

  private static let known = [
    "title", "description", "date", "updated", "expires", "layout", "draft", "tags", "aliases",
    "slug", "sitemap", "weight", "author", "image",
  ]

  /// The prefix of a page's own template among the layouts.
  static let ownTemplate = "page:"

  /// Reads a Markdown file; nil when it is left out or wrong.
  func markdown(_ file: String, _ text: [UInt8]) -> Page? {
    let relative = String(file.dropFirst(settings.contentFolder.utf8.count + 1).dropLast(3))
    guard var page = page(file, text, relative: relative) else { return nil }
    if let slash = relative.firstIndex(of: "/") { page.collection = String(relative[..<slash]) }
    guard text.count - page.front.bodyStart <= MarkdownDocument.bytesMost else {
      note(
        .sourceUnreadable, "the text has more than \(MarkdownDocument.bytesMost) bytes", page,
        "title", "split it into several pages")
      return nil
    }
    if page.isBroken { return page }
    if let slug = string("slug", page), page.collection != nil {
      let folder = relative[..<(relative.lastIndex(of: "/") ?? relative.startIndex)]
      (page.key, page.url) = Self.address("\(folder)/\(slug)")
    }
    let folder = relative.lastIndex(of: "/").map { "/" + relative[...$0] } ?? "/"
    page.document = MarkdownRenderer.render(text[page.front.bodyStart...], base: folder)
    for forbidden in page.document.forbidden { noteForbidden(forbidden, page) }
    let layout = string("layout", page) ?? (page.collection == nil ? "page" : "post")
    page.template = layout.hasSuffix(".html") ? layout : layout + ".html"
    return page
  }

  /// Reads a page that is a template itself.
  func template(_ file: String, _ text: [UInt8]) -> Page? {
    let folder = "\(settings.siteFolder)/pages/"
    let relative = String(file.dropFirst(folder.utf8.count).dropLast(5))
    guard var page = page(file, text, relative: relative) else { return nil }
    page.template = Self.ownTemplate + file
    return page
  }

  private func page(_ file: String, _ text: [UInt8], relative: String) -> Page? {
    let (key, url) = Self.address(relative)
    var page = Page(file: file, key: key, url: url, template: "", text: text)
    if String(validating: text, as: UTF8.self) == nil {
      findings.note(
        Diagnostic(
          .sourceUnreadable, "the file is not UTF-8", at: Place(file: file),
          remedy: "save it as UTF-8"))
      return nil
    }
    do throws(Diagnostic) {
      page.front = try FrontMatter.read(text, file: file)
    } catch {
      // Its address is kept, so that links to it are not told as dead as well.
      findings.note(error)
      page.isBroken = true
      return page
    }
    readFields(&page)
    let isExpired = timestamp("expires", page).map { $0 <= now } ?? false
    let isFuture = page.date.map { $0 > now } ?? false
    if page.isDraft && !settings.drafts || isExpired || isFuture && !settings.future { return nil }
    return page
  }

  /// `about` is `about/index.html` at `/about/`; `index` and `404` stay where they are.
  static func address(_ relative: String) -> (key: String, url: String) {
    if relative == "404" { return ("404.html", "/404.html") }
    if relative == "index" { return ("index.html", "/") }
    if relative.hasSuffix("/index") {
      return (relative + ".html", "/" + relative.dropLast("index".utf8.count))
    }
    return (relative + "/index.html", "/\(relative)/")
  }

  // MARK: Fields

  private func readFields(_ page: inout Page) {
    page.title = string("title", page) ?? ""
    if page.title.isEmpty {
      note(.frontMatterInvalid, "the page has no title", page, "title", "add 'title: …' at the top")
    }
    page.description = string("description", page) ?? ""
    page.date = timestamp("date", page)
    page.updated = timestamp("updated", page)
    page.isDraft = bool("draft", page) ?? false
    page.isListed = bool("sitemap", page) ?? true
    if case .int(let weight)? = page.front.fields["weight"] { page.weight = weight }
    page.tags = strings("tags", page)
    page.aliases = strings("aliases", page).map { ($0, page.front.offsets["aliases"] ?? 0) }
    for name in page.front.fields.keys.sorted() where !Self.known.contains(name) {
      guard let near = Suggestion.nearest(to: name, among: Self.known) else { continue }
      findings.warn(
        .frontMatterInvalid, "the field '\(name)' has no meaning of its own",
        at: page.place(of: name), remedy: "did you mean '\(near)'?")
    }
  }

  private func string(_ name: String, _ page: Page) -> String? {
    switch page.front.fields[name] {
    case nil, .null?: return nil
    case .string(let text)?: return text
    case .int(let value)?: return String(value)
    case .double(let value)?: return String(value)
    case .date(let date)?: return date.isoDate
    default:
      wrong(name, "a text", page)
      return nil
    }
  }

  private func bool(_ name: String, _ page: Page) -> Bool? {
    switch page.front.fields[name] {
    case nil, .null?: return nil
    case .bool(let value)?: return value
    default:
      wrong(name, "true or false", page)
      return nil
    }
  }

  private func timestamp(_ name: String, _ page: Page) -> Timestamp? {
    switch page.front.fields[name] {
    case nil, .null?: return nil
    case .date(let date)?: return date
    case .string(let text)?:
      if let date = Timestamp(iso8601: text) { return date }
      fallthrough
    default:
      wrong(name, "a date such as 2026-11-20 or 2026-11-20T09:30:00Z", page)
      return nil
    }
  }

  private func strings(_ name: String, _ page: Page) -> [String] {
    switch page.front.fields[name] {
    case nil, .null?: return []
    case .string(let text)?: return [text]
    case .list(let values)?:
      return values.compactMap { value in
        switch value {
        case .string(let text): return text
        case .int(let number): return String(number)
        default:
          wrong(name, "a list of texts", page)
          return nil
        }
      }
    default:
      wrong(name, "a list of texts", page)
      return []
    }
  }

  private func wrong(_ name: String, _ expected: String, _ page: Page) {
    note(.frontMatterInvalid, "'\(name)' is not \(expected)", page, name, "write \(expected)")
  }

  private func note(
    _ code: DiagnosticCode, _ message: String, _ page: Page, _ field: String, _ remedy: String
  ) {
    findings.note(Diagnostic(code, message, at: page.place(of: field), remedy: remedy))
  }

  private func noteForbidden(
    _ forbidden: (message: String, text: [UInt8], line: Int), _ page: Page
  ) {
    let offset =
      ByteSearch.find(forbidden.text, in: page.text, from: page.front.bodyStart)
      ?? page.front.bodyStart
    findings.note(
      Diagnostic(
        .inlineCode, forbidden.message,
        at: Place(file: page.file, text: page.text, offset: offset),
        remedy: ForbiddenMarkup.remedy))
  }
}

/// Searching in bytes.
enum ByteSearch {
  static func find(_ part: some Collection<UInt8>, in text: [UInt8], from start: Int) -> Int? {
    guard let first = part.first else { return nil }
    var at = start
    while at + part.count <= text.count {
      if text[at] == first, text[at..<at + part.count].elementsEqual(part) { return at }
      at += 1
    }
    return nil
  }
}
