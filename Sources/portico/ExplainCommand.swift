import ArgumentParser
import CDiagnosticArticles

/// `portico explain CODE`: the article for a diagnostic code, from the binary itself.
struct ExplainCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "explain", abstract: "Print the article for a diagnostic code.")

  @Argument(help: "The code, such as B004.")
  var code: String

  func run() throws {
    guard let article = DiagnosticArticles.article(code.uppercased()) else {
      let near = DiagnosticArticles.codes.filter { $0.hasPrefix(code.uppercased().prefix(1)) }
      throw ValidationError(
        "there is no code '\(code)'"
          + (near.isEmpty ? "" : "; those of its area are \(near.joined(separator: ", "))"))
    }
    Terminal.write(article)
  }
}

/// The articles that are embedded one by one in `CDiagnosticArticles`.
enum DiagnosticArticles {
  /// The codes that have an article, in order.
  static var codes: [String] {
    (0..<Int(portico_article_count)).compactMap { index in
      portico_article_code(index).map { String(cString: $0) }
    }
  }

  /// The article of a code.
  static func article(_ code: String) -> String? {
    for index in 0..<Int(portico_article_count) {
      guard let name = portico_article_code(index), String(cString: name) == code,
        let bytes = portico_article_bytes(index)
      else { continue }
      let length = portico_article_length(index)
      return String(decoding: UnsafeBufferPointer(start: bytes, count: length), as: UTF8.self)
    }
    return nil
  }
}
