import Foundation
import TestSupport
import Testing

@Suite("Documentation")
struct DocumentationTests {
  static let folder = "Sources/portico/Documentation.docc/Diagnostics"

  /// Codes declared in the sources: `DiagnosticCode = "B001"`.
  static func declared() throws -> [String] {
    var codes: [String] = []
    for path in Repository.files(under: "Sources", ending: ".swift") {
      for line in try Repository.text(path).split(separator: "\n")
      where line.contains("DiagnosticCode = \"") {
        codes.append(String(line.split(separator: "\"")[1]))
      }
    }
    return codes
  }

  static func articles() -> [String] {
    Repository.files(under: folder, ending: ".md").map {
      String($0.split(separator: "/").last?.dropLast(3) ?? "")
    }
  }

  @Test func `every code has one article and every article a code`() throws {
    let declared = try Self.declared()
    #expect(Set(declared).count == declared.count, "a code is declared twice")
    let missing = Set(declared).subtracting(Self.articles())
    let orphans = Set(Self.articles()).subtracting(declared)
    #expect(missing.isEmpty, "without an article: \(missing.sorted())")
    #expect(orphans.isEmpty, "without a code: \(orphans.sorted())")
  }

  @Test func `every article is embedded`() throws {
    let embedded = try Repository.text("Sources/CDiagnosticArticles/articles.c")
    for code in Self.articles() {
      #expect(embedded.contains("Diagnostics/\(code).md"), "\(code) is not in articles.c")
    }
  }

  @Test func `an article says what it means, shows it and helps`() throws {
    for code in Self.articles() {
      let text = try Repository.text("\(Self.folder)/\(code).md")
      #expect(text.hasPrefix("# \(code): "), "\(code)")
      for part in ["What it means", "Example", "What to do"] {
        #expect(text.contains(part), "\(code) lacks '\(part)'")
      }
    }
  }

  @Test func `the commands of the README exist`() throws {
    let readme = try Repository.text("README.md")
    let makefile = try Repository.text("Makefile")
    for line in readme.split(separator: "\n") where line.hasPrefix("make ") {
      let target = line.split(separator: " ")[1]
      #expect(makefile.contains("\n\(target):"), "README names 'make \(target)'")
    }
    #expect(readme.contains("make serve") && readme.contains("make test"))
  }

  @Test func `the changelog begins with what is not released`() throws {
    let text = try Repository.text("CHANGELOG.md")
    #expect(text.contains("## Unreleased"))
  }

  @Test func `continuous integration runs the README's test command`() throws {
    #expect(try Repository.text(".ci/run").contains("make test"))
  }
}
