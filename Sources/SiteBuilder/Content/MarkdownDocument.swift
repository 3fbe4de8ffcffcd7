import CCMark

/// A heading of a page.
struct Heading: Sendable, Hashable {
  var level: Int
  var id: String
  var text: String
}

/// What Markdown becomes.
struct MarkdownDocument: Sendable {
  var html: [UInt8] = []
  var headings: [Heading] = []
  /// The first paragraph as plain text.
  var summary = ""
  var words = 0
  /// Raw HTML that the policy forbids: what, and the bytes to find its place by.
  var forbidden: [(message: String, text: [UInt8], line: Int)] = []

  /// Bytes of one document at most: the library of Debian 12 predates some fixes against documents
  /// made to be slow, so the input is bounded.
  static let bytesMost = 4 << 20
}

/// The parser of cmark-gfm with the extensions that GitHub's Markdown has.
enum MarkdownParser {
  private static let extensions: [String] = {
    cmark_gfm_core_extensions_ensure_registered()
    return ["table", "strikethrough", "autolink", "tasklist"]
  }()

  /// Reads a text into a tree, lends it, and frees it.
  static func withTree<Result>(
    of text: ArraySlice<UInt8>, _ body: (OpaquePointer) -> Result
  ) -> Result? {
    let names = extensions
    guard let parser = cmark_parser_new(CMARK_OPT_FOOTNOTES) else { return nil }
    defer { cmark_parser_free(parser) }
    for name in names {
      if let found = cmark_find_syntax_extension(name) {
        cmark_parser_attach_syntax_extension(parser, found)
      }
    }
    text.withUnsafeBytes { bytes in
      cmark_parser_feed(parser, bytes.baseAddress?.assumingMemoryBound(to: CChar.self), bytes.count)
    }
    guard let root = cmark_parser_finish(parser) else { return nil }
    defer { cmark_node_free(root) }
    return body(root)
  }
}
