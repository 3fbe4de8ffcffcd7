import CCMark

/// Footnotes, and GitHub's alerts.
extension MarkdownRenderer {
  mutating func footnoteReference(_ node: OpaquePointer) {
    let index = String(decoding: literal(node), as: UTF8.self)
    let use = (footnoteUses[index] ?? 0) + 1
    footnoteUses[index] = use
    let id = use == 1 ? "fnref-\(index)" : "fnref-\(index)-\(use)"
    write(
      "<sup class=\"footnote-ref\"><a href=\"#fn-\(index)\" id=\"\(id)\" role=\"doc-noteref\">\(index)</a></sup>"
    )
  }

  mutating func footnoteDefinition(_ entering: Bool) {
    guard entering else {
      write(
        "<a class=\"footnote-back\" href=\"#fnref-\(footnotes)\" role=\"doc-backlink\""
          + " aria-label=\"Back to the text\">↩</a>\n</li>\n"
      )
      return
    }
    if footnotes == 0 { write("<section class=\"footnotes\" role=\"doc-endnotes\">\n<ol>\n") }
    footnotes += 1
    write("<li id=\"fn-\(footnotes)\">\n")
  }

  private static let alertKinds: [String: String] = [
    "[!NOTE]": "note", "[!TIP]": "tip", "[!IMPORTANT]": "important", "[!WARNING]": "warning",
    "[!CAUTION]": "caution",
  ]

  /// Finds quotes that begin with `[!NOTE]` and the like, and takes those words out of the tree.
  mutating func findAlerts(_ root: OpaquePointer) {
    guard let iterator = cmark_iter_new(root) else { return }
    var quotes: [OpaquePointer] = []
    while true {
      let event = cmark_iter_next(iterator)
      if event == CMARK_EVENT_DONE { break }
      guard event == CMARK_EVENT_ENTER, let node = cmark_iter_get_node(iterator),
        cmark_node_get_type(node) == CMARK_NODE_BLOCK_QUOTE
      else { continue }
      quotes.append(node)
    }
    cmark_iter_free(iterator)
    for quote in quotes {
      guard let paragraph = cmark_node_first_child(quote),
        cmark_node_get_type(paragraph) == CMARK_NODE_PARAGRAPH
      else { continue }
      var words = ""
      var parts: [OpaquePointer] = []
      var child = cmark_node_first_child(paragraph)
      while let node = child, cmark_node_get_type(node) == CMARK_NODE_TEXT, parts.count < 8 {
        words += String(decoding: literal(node), as: UTF8.self)
        parts.append(node)
        child = cmark_node_next(node)
      }
      guard let kind = Self.alertKinds[words] else { continue }
      if let node = child, cmark_node_get_type(node) == CMARK_NODE_SOFTBREAK { parts.append(node) }
      alerts[quote] = kind
      for part in parts {
        cmark_node_unlink(part)
        cmark_node_free(part)
      }
    }
  }
}
