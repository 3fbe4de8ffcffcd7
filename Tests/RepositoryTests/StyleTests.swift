import Foundation
import TestSupport
import Testing

/// Style as a test: sizes, banned words, summaries. An exception stands here with its reason.
@Suite("Style")
struct StyleTests {
  static let swift =
    Repository.files(under: "Sources", ending: ".swift")
    + Repository.files(under: "Tests", ending: ".swift")

  /// Lines a file may have; longer ones are named with the reason.
  static let fileLines = 400
  static let longFiles: [String: (lines: Int, reason: String)] = [
    "Sources/SiteBuilder/Content/MarkdownRenderer.swift": (
      430, "one method per kind of Markdown node; two files would split one walk over the tree"
    )
  ]

  /// Words that do not belong here, with what to write instead. They are spelt in two parts so that
  /// this file does not contain them.
  static let banned: [(word: String, instead: String)] = [
    ("@unche" + "cked Sendable", "a Mutex, an actor or a value"),
    ("nonisol" + "ated(unsafe)", "a Mutex"),
    ("try" + "!", "a thrown or reported error"),
    ("fatal" + "Error(", "a diagnostic, or precondition for a programmer's error"),
    ("TO" + "DO", "a note in Decisions or a test"),
    ("FIX" + "ME", "a note in Decisions or a test"),
    ("Thread." + "sleep", "the injected clock"),
    ("github.com" + "/aws/", "the vendor's page"),
  ]

  @Test(arguments: swift)
  func `a file stays readable`(path: String) throws {
    let lines = try Repository.text(path).split(separator: "\n", omittingEmptySubsequences: false)
    let allowed = Self.longFiles[path]?.lines ?? Self.fileLines
    #expect(lines.count <= allowed, "\(path) has \(lines.count) lines")
  }

  @Test(arguments: swift)
  func `banned words stay away`(path: String) throws {
    let text = try Repository.text(path)
    for (word, instead) in Self.banned where text.contains(word) {
      Issue.record("\(path) says '\(word)': write \(instead)")
    }
  }

  @Test(arguments: Repository.files(under: "Sources", ending: ".swift"))
  func `every package symbol has a summary`(path: String) throws {
    let lines = try Repository.text(path).split(separator: "\n", omittingEmptySubsequences: false)
    for (number, line) in lines.enumerated() {
      let trimmed = line.trimmingCharacters(in: .whitespaces)
      guard trimmed.hasPrefix("package "), Self.needsSummary(trimmed), number > 0 else { continue }
      var above = number - 1
      while above > 0, lines[above].trimmingCharacters(in: .whitespaces).hasPrefix("@") {
        above -= 1
      }
      let before = lines[above].trimmingCharacters(in: .whitespaces)
      #expect(before.hasPrefix("///"), "\(path):\(number + 1) \(trimmed)")
    }
  }

  /// Types and functions need a summary; requirements of a protocol that is documented elsewhere, and
  /// stored values whose name and type say it all, do not.
  private static func needsSummary(_ declaration: String) -> Bool {
    let kinds = ["struct ", "enum ", "final class ", "protocol ", "actor "]
    return kinds.contains { declaration.hasPrefix("package " + $0) }
  }

  @Test func `nothing of this machine is committed`() throws {
    let home = "/ro" + "ot/"
    for path in Repository.files(under: "")
    where path.hasPrefix("Sources/") || path.hasPrefix("Tests/") {
      guard let text = try? Repository.text(path) else { continue }
      #expect(!text.contains(home), "\(path)")
    }
  }
}
