import CCMark
import Templates

/// Writes the tree of a Markdown document as HTML that a strict policy allows: classes instead of
/// styles, unique heading ids, no script.
struct MarkdownRenderer {
  private var document = MarkdownDocument()
  private var ids: [String: Int] = [:]
  /// Where the open heading's text began in `html`, and its plain text.
  private var headingStart: Int?
  private var plain: [UInt8]?
  /// Depth of images: inside one only text is written, into the attribute.
  private var imageText: [UInt8]?
  private var alignments: [UInt8] = []
  private var column = 0
  private var inHeader = false
  var footnotes = 0
  var footnoteUses: [String: Int] = [:]
  var alerts: [OpaquePointer: String] = [:]
  private var base = "/"

  /// Renders one document.
  ///
  /// - Parameters:
  ///   - text: Markdown.
  ///   - base: the address of the file's folder, which relative addresses begin at.
  static func render(_ text: ArraySlice<UInt8>, base: String = "/") -> MarkdownDocument {
    MarkdownParser.withTree(of: text) { root in
      var renderer = MarkdownRenderer()
      renderer.base = base
      renderer.document.html.reserveCapacity(text.count * 3 / 2)
      renderer.findAlerts(root)
      renderer.walk(root)
      return renderer.document
    } ?? MarkdownDocument()
  }

  /// Events instead of recursion: a document may nest deeper than a stack.
  private mutating func walk(_ root: OpaquePointer) {
    guard let iterator = cmark_iter_new(root) else { return }
    defer { cmark_iter_free(iterator) }
    while true {
      let event = cmark_iter_next(iterator)
      if event == CMARK_EVENT_DONE { break }
      guard let node = cmark_iter_get_node(iterator) else { break }
      visit(node, entering: event == CMARK_EVENT_ENTER)
    }
    if footnotes > 0 { write("</ol>\n</section>\n") }
  }

  private mutating func visit(_ node: OpaquePointer, entering: Bool) {
    switch cmark_node_get_type(node) {
    case CMARK_NODE_DOCUMENT: break
    case CMARK_NODE_TEXT: text(literal(node))
    case CMARK_NODE_SOFTBREAK: lineBreak("\n")
    case CMARK_NODE_LINEBREAK: lineBreak("<br>\n")
    case CMARK_NODE_CODE:
      if imageText == nil { write("<code>") }
      text(literal(node))
      if imageText == nil { write("</code>") }
    case CMARK_NODE_EMPH: inline("em", entering)
    case CMARK_NODE_STRONG: inline("strong", entering)
    case CMARK_NODE_PARAGRAPH: paragraph(node, entering)
    case CMARK_NODE_HEADING: heading(node, entering)
    case CMARK_NODE_BLOCK_QUOTE: quote(node, entering)
    case CMARK_NODE_LIST: list(node, entering)
    case CMARK_NODE_ITEM: item(node, entering)
    case CMARK_NODE_CODE_BLOCK: codeBlock(node)
    case CMARK_NODE_HTML_BLOCK, CMARK_NODE_HTML_INLINE: rawHTML(node)
    case CMARK_NODE_THEMATIC_BREAK: write("<hr>\n")
    case CMARK_NODE_LINK: link(node, entering)
    case CMARK_NODE_IMAGE: image(node, entering)
    case CMARK_NODE_FOOTNOTE_REFERENCE:
      if entering { footnoteReference(node) }
    case CMARK_NODE_FOOTNOTE_DEFINITION: footnoteDefinition(entering)
    default: visitExtension(node, entering)
    }
  }

  private mutating func visitExtension(_ node: OpaquePointer, _ entering: Bool) {
    switch name(node) {
    case "strikethrough": inline("del", entering)
    case "tasklist": item(node, entering)
    case "table": table(node, entering)
    case "table_header", "table_row": row(node, entering)
    case "table_cell": cell(entering)
    default: break
    }
  }

  /// A break in a line is a space in attributes, headings and summaries.
  private mutating func lineBreak(_ markup: StaticString) {
    guard imageText == nil else { return text([0x20]) }
    plain?.append(0x20)
    write(markup)
  }

  // MARK: Bytes

  mutating func write(_ text: StaticString) {
    text.withUTF8Buffer { document.html.append(contentsOf: $0) }
  }

  mutating func write(_ text: String) { document.html.append(contentsOf: text.utf8) }

  private mutating func text(_ bytes: UnsafeBufferPointer<UInt8>) {
    if plain != nil { plain?.append(contentsOf: bytes) }
    countWords(bytes)
    if imageText != nil {
      imageText?.append(contentsOf: bytes)
    } else {
      Escaping.append(bytes, to: &document.html)
    }
  }

  private mutating func text(_ bytes: [UInt8]) { bytes.withUnsafeBufferPointer { text($0) } }

  private mutating func countWords(_ bytes: UnsafeBufferPointer<UInt8>) {
    var isInside = false
    for byte in bytes {
      let isSpace = byte == 0x20
      if !isSpace, !isInside { document.words += 1 }
      isInside = !isSpace
    }
  }

  /// The node's own text, valid as long as the node.
  func literal(_ node: OpaquePointer) -> UnsafeBufferPointer<UInt8> {
    Self.bytes(cmark_node_get_literal(node))
  }

  private static func bytes(_ pointer: UnsafePointer<CChar>?) -> UnsafeBufferPointer<UInt8> {
    guard let pointer else { return UnsafeBufferPointer(start: nil, count: 0) }
    var count = 0
    while pointer[count] != 0 { count += 1 }
    return UnsafeBufferPointer(
      start: UnsafeRawPointer(pointer).assumingMemoryBound(to: UInt8.self), count: count)
  }

  private func name(_ node: OpaquePointer) -> String {
    cmark_node_get_type_string(node).map { String(cString: $0) } ?? ""
  }

  private mutating func inline(_ tag: String, _ entering: Bool) {
    guard imageText == nil else { return }
    write(entering ? "<\(tag)>" : "</\(tag)>")
  }

  // MARK: Blocks

  private mutating func paragraph(_ node: OpaquePointer, _ entering: Bool) {
    guard cmark_node_first_child(node) != nil else { return }
    let parent = cmark_node_parent(node)
    if let parent, let list = cmark_node_parent(parent),
      cmark_node_get_type(list) == CMARK_NODE_LIST, cmark_node_get_list_tight(list) != 0
    {
      return
    }
    let isTop = parent.map { cmark_node_get_type($0) == CMARK_NODE_DOCUMENT } ?? false
    if entering {
      write("<p>")
      if isTop, document.summary.isEmpty { plain = [] }
    } else {
      write("</p>\n")
      if isTop, document.summary.isEmpty, let plain {
        document.summary = String(decoding: plain, as: UTF8.self)
        self.plain = nil
      }
    }
  }

  private mutating func heading(_ node: OpaquePointer, _ entering: Bool) {
    let level = Int(cmark_node_get_heading_level(node))
    if entering {
      headingStart = document.html.count
      plain = []
      return
    }
    let text = String(decoding: plain ?? [], as: UTF8.self)
    plain = nil
    let id = uniqueID(Slug.make(text))
    document.headings.append(Heading(level: level, id: id, text: text))
    let start = headingStart ?? document.html.count
    document.html.insert(contentsOf: "<h\(level) id=\"\(id)\">".utf8, at: start)
    write("</h\(level)>\n")
  }

  private mutating func uniqueID(_ wanted: String) -> String {
    let base = wanted.isEmpty ? "section" : wanted
    var candidate = base
    var number = ids[base] ?? 0
    while ids[candidate] != nil {
      number += 1
      candidate = "\(base)-\(number + 1)"
    }
    ids[base] = number
    if candidate != base { ids[candidate] = 0 }
    return candidate
  }

  private mutating func quote(_ node: OpaquePointer, _ entering: Bool) {
    guard let kind = alerts[node] else {
      return write(entering ? "<blockquote>\n" : "</blockquote>\n")
    }
    if entering {
      let title = kind.prefix(1).uppercased() + kind.dropFirst()
      write(
        "<div class=\"alert alert-\(kind)\" role=\"note\">\n<p class=\"alert-title\">\(title)</p>\n"
      )
    } else {
      write("</div>\n")
    }
  }

  private mutating func list(_ node: OpaquePointer, _ entering: Bool) {
    let isOrdered = cmark_node_get_list_type(node) == CMARK_ORDERED_LIST
    guard entering else { return write(isOrdered ? "</ol>\n" : "</ul>\n") }
    guard isOrdered else {
      let first = cmark_node_first_child(node)
      let isTasks = first.map { name($0) == "tasklist" } ?? false
      return write(isTasks ? "<ul class=\"tasks\">\n" : "<ul>\n")
    }
    let start = cmark_node_get_list_start(node)
    write(start == 1 ? "<ol>\n" : "<ol start=\"\(start)\">\n")
  }

  private mutating func item(_ node: OpaquePointer, _ entering: Bool) {
    guard entering else { return write("</li>\n") }
    write("<li>")
    guard name(node) == "tasklist" else { return }
    let isDone = cmark_gfm_extensions_get_tasklist_item_checked(node)
    write("<input type=\"checkbox\" disabled\(isDone ? " checked" : "")> ")
  }

  private mutating func codeBlock(_ node: OpaquePointer) {
    let info = Self.bytes(cmark_node_get_fence_info(node))
    let language = info.prefix { $0 != 0x20 }
    if language.isEmpty {
      write("<pre><code>")
    } else {
      write("<pre><code class=\"language-")
      Escaping.append(language, to: &document.html)
      write("\">")
    }
    Escaping.append(literal(node), to: &document.html)
    write("</code></pre>\n")
  }

  private mutating func rawHTML(_ node: OpaquePointer) {
    let bytes = Array(literal(node))
    document.html.append(contentsOf: bytes)
    var scanner = HTMLScanner(bytes)
    while let tag = scanner.next() {
      guard let reason = ForbiddenMarkup.reason(tag, in: bytes, allowsBlocks: false) else {
        continue
      }
      document.forbidden.append(
        (
          reason.message, Array(bytes[reason.offset..<tag.end]),
          Int(cmark_node_get_start_line(node))
        ))
    }
  }

  // MARK: Links and images

  private mutating func link(_ node: OpaquePointer, _ entering: Bool) {
    guard imageText == nil else { return }
    guard entering else { return write("</a>") }
    let address = Self.bytes(cmark_node_get_url(node))
    write("<a href=\"")
    writeAddress(address)
    title(node)
    write("\"")
    // A page elsewhere learns nothing about ours and cannot reach back into it.
    if address.starts(with: "https://".utf8) || address.starts(with: "http://".utf8) {
      write(" rel=\"external noopener\"")
    }
    write(">")
  }

  /// Relative addresses are relative to the file, as on GitHub; `other.md` is that file's page.
  private mutating func writeAddress(_ address: UnsafeBufferPointer<UInt8>) {
    let text = String(decoding: address, as: UTF8.self)
    guard let first = address.first, first != UInt8(ascii: "/"), first != UInt8(ascii: "#"),
      first != UInt8(ascii: "?"), !Address.isAbsolute(text)
    else { return Escaping.append(address, to: &document.html) }
    var (path, query, fragment) = Address.resolve(text, from: base)
    if path.hasSuffix("/index.md") {
      path.removeLast("index.md".utf8.count)
    } else if path.hasSuffix(".md") {
      path = path.dropLast(3) + "/"
    }
    Escaping.append(path + query + (fragment.map { "#\($0)" } ?? ""), to: &document.html)
  }

  private mutating func title(_ node: OpaquePointer) {
    let title = Self.bytes(cmark_node_get_title(node))
    guard !title.isEmpty else { return }
    write("\" title=\"")
    Escaping.append(title, to: &document.html)
  }

  private mutating func image(_ node: OpaquePointer, _ entering: Bool) {
    if entering {
      if imageText == nil { imageText = [] }
      return
    }
    guard let alternative = imageText else { return }
    imageText = nil
    write("<img src=\"")
    writeAddress(Self.bytes(cmark_node_get_url(node)))
    write("\" alt=\"")
    Escaping.append(alternative, to: &document.html)
    title(node)
    write("\" loading=\"lazy\" decoding=\"async\">")
  }

  // MARK: Tables

  private mutating func table(_ node: OpaquePointer, _ entering: Bool) {
    if entering {
      let count = Int(cmark_gfm_extensions_get_table_columns(node))
      alignments = []
      if let given = cmark_gfm_extensions_get_table_alignments(node) {
        alignments = Array(UnsafeBufferPointer(start: given, count: count))
      }
      write("<table>\n")
    } else {
      write(inHeader ? "</table>\n" : "</tbody>\n</table>\n")
      inHeader = false
    }
  }

  private mutating func row(_ node: OpaquePointer, _ entering: Bool) {
    let isHeader = cmark_gfm_extensions_get_table_row_is_header(node) != 0
    if entering {
      column = 0
      if isHeader {
        inHeader = true
        write("<thead>\n")
      } else if inHeader {
        inHeader = false
        write("<tbody>\n")
      }
      write("<tr>")
    } else {
      write(isHeader ? "</tr>\n</thead>\n" : "</tr>\n")
    }
  }

  private mutating func cell(_ entering: Bool) {
    guard entering else {
      column += 1
      return write(inHeader ? "</th>" : "</td>")
    }
    write(inHeader ? "<th scope=\"col\"" : "<td")
    // The stock renderer writes an align attribute or a style, which browsers or policies drop.
    switch alignments.indices.contains(column) ? alignments[column] : 0 {
    case UInt8(ascii: "r"): write(" class=\"align-right\"")
    case UInt8(ascii: "c"): write(" class=\"align-center\"")
    case UInt8(ascii: "l"): write(" class=\"align-left\"")
    default: break
    }
    write(">")
  }
}
