import Diagnostics
import Templates
import Time

/// A page before it is rendered.
struct Page: Sendable {
  /// Path of the source.
  var file: String
  /// Key of what it becomes: `about/index.html`.
  var key: String
  /// Canonical address: `/about/`.
  var url: String
  /// Name of the template that renders it.
  var template: String
  /// The text of the source, for places.
  var text: [UInt8]
  var front = FrontMatter()
  var title = ""
  var description = ""
  var date: Timestamp?
  var updated: Timestamp?
  /// The first folder below the content folder.
  var collection: String?
  var aliases: [(path: String, offset: Int)] = []
  var tags: [String] = []
  var isDraft = false
  /// Whether it could not be read, which is told already.
  var isBroken = false
  var isListed = true
  var weight = 0
  var document = MarkdownDocument()

  /// The place of a field, or of the file.
  func place(of field: String) -> Place {
    front.offsets[field].map { Place(file: file, text: text, offset: $0) }
      ?? Place(file: file, line: 1)
  }

  /// What listings show of it.
  var listing: [String: TemplateValue] {
    var value = front.fields
    value["title"] = .string(title)
    if !description.isEmpty { value["description"] = .string(description) }
    value["url"] = .string(url)
    value["date"] = date.map { .date($0) }
    value["updated"] = (updated ?? date).map { .date($0) }
    value["tags"] = .list(tags.map { .string($0) })
    value["collection"] = collection.map { .string($0) }
    value["draft"] = .bool(isDraft)
    value["summary"] = .string(document.summary)
    value["word_count"] = .int(document.words)
    // 220 words a minute, and never none.
    value["reading_time_minutes"] = .int(max(1, (document.words + 219) / 220))
    value["aliases"] = nil
    value["layout"] = nil
    return value
  }

  /// What its own template sees as `page`.
  func value(previous: Page?, next: Page?) -> [String: TemplateValue] {
    var value = listing
    value["content"] = .safe(document.html)
    value["toc"] = .safe(TableOfContents.html(document.headings))
    value["headings"] = .list(
      document.headings.map {
        .map(["level": .int($0.level), "id": .string($0.id), "text": .string($0.text)])
      })
    value["previous"] = previous.map { .map(["title": .string($0.title), "url": .string($0.url)]) }
    value["next"] = next.map { .map(["title": .string($0.title), "url": .string($0.url)]) }
    return value
  }
}

/// The list of a page's sections, two levels deep.
enum TableOfContents {
  static func html(_ headings: [Heading]) -> [UInt8] {
    var out = XMLText()
    var isInner = false
    var isOpen = false
    for heading in headings where heading.level == 2 || heading.level == 3 {
      if heading.level == 3, isOpen {
        if !isInner { out.raw("<ul>") }
        isInner = true
        out.raw("<li>")
        link(heading, &out)
        out.raw("</li>")
        continue
      }
      if isInner { out.raw("</ul>") }
      out.raw(isOpen ? "</li>\n" : "<ul class=\"toc\">\n")
      isInner = false
      isOpen = true
      out.raw("<li>")
      link(heading, &out)
    }
    if isInner { out.raw("</ul>") }
    if isOpen { out.raw("</li>\n</ul>\n") }
    return out.bytes
  }

  private static func link(_ heading: Heading, _ out: inout XMLText) {
    out.raw("<a href=\"#")
    out.text(heading.id)
    out.raw("\">")
    out.text(heading.text)
    out.raw("</a>")
  }
}
