import Foundation
import TestSupport
import Testing

@testable import Gateway

@Suite("Patterns") struct SafePatternTests {
  @Test(
    "matches",
    arguments: [
      ("^[A-Za-z.,-]{1,200}$", "AAPL,MSFT", true), ("^[A-Za-z.,-]{1,200}$", "AAPL MSFT", false),
      ("^-?[0-9]+\\.[0-9]{2}$", "-12.30", true), ("^-?[0-9]+\\.[0-9]{2}$", "12.3", false),
      ("a|b|", "", true), ("^(?:ab|cd)+$", "abcdab", true), ("^(?:ab|cd)+$", "abc", false),
      ("\\bfoo\\b", "a foo b", true), ("\\bfoo\\b", "afoob", false), ("\\Boo", "foo", true),
      ("^\\p{Lu}\\p{Ll}+$", "Élan", true), ("^\\P{L}+$", "123", true), ("^[^\\D]$", "7", true),
      ("^[^a-c]$", "b", false), ("^a{0}$", "", true), ("^(a*)*$", "aaaa", true),
      ("^(a|aa)+$", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab", false), ("^.$", "\u{1F600}", true),
      ("^\\uD83D\\uDE00$", "\u{1F600}", true), ("^\\u{1F600}$", "\u{1F600}", true),
      ("^.$", "\n", false), ("x{2,}", "axxb", true), ("^x{2,3}$", "xxxx", false),
      ("^(?<year>[0-9]{4})$", "2026", true), ("[\\b]", "\u{8}", true), ("^\\cJ$", "\n", true),
      ("a$^", "a", false), ("^[]$", "", false), ("^[^]$", "a", true),
    ])
  func matches(pattern: String, text: String, expected: Bool) throws {
    var budget = 100_000
    let compiled = try SafePattern(pattern)
    let found = compiled.matches(text, budget: &budget)
    #expect(found == expected)
  }

  @Test(
    "refuses what needs backtracking or makes no sense",
    arguments: [
      "(?=a)", "(?!a)", "(?<=a)", "(?<!a)", "(a)\\1", "\\k<x>", "a{2,1}", "*a", "a**", "(a", "a)",
      "[a", "[b-a]", "\\", "\\q", "\\p{Script=Greek}", "a{1001}", "((a{1000}){1000}){1000}", "{",
      "^*", "\\uD800",
    ])
  func refuses(pattern: String) {
    #expect(throws: PatternRefusal.self) { _ = try SafePattern(pattern) }
  }

  @Test("work grows with the text alone") func linear() throws {
    let pattern = try SafePattern("^(a+)+$")
    func work(_ count: Int) -> Int? {
      var budget = 10_000_000
      let text = String(repeating: "a", count: count) + "!"
      return pattern.matches(text, budget: &budget) == false ? 10_000_000 - budget : nil
    }
    let short = try #require(work(1000))
    let long = try #require(work(10_000))
    #expect(long < short * 11)
  }

  @Test("a budget that runs out is told") func budget() throws {
    var budget = 10
    let found = try SafePattern("a*b").matches("aaaaaaaaaaaa", budget: &budget)
    #expect(found == nil)
  }

  @Test("agrees with another engine on random patterns") func differential() throws {
    var random = SplitMix(state: 42)
    for _ in 0..<600 {
      let source = Self.pattern(2, &random)
      let pattern = try SafePattern(source)
      let other = try NSRegularExpression(pattern: source)
      for _ in 0..<5 {
        let length = Int.random(in: 0...6, using: &random)
        let text = String((0..<length).map { _ in "abc ".randomElement(using: &random) ?? "a" })
        var budget = 1_000_000
        let found = pattern.matches(text, budget: &budget)
        let expected = other.firstMatch(in: text, range: NSRange(0..<length)) != nil
        #expect(found == expected, "\(source) on '\(text)'")
      }
    }
  }

  private static func pattern(_ depth: Int, _ random: inout SplitMix) -> String {
    let atoms = ["a", "b", "c", ".", "[ab]", "[^a]", "\\w", "\\s", "(?:)"]
    guard depth > 0 else { return atoms.randomElement(using: &random) ?? "a" }
    let inner = pattern(depth - 1, &random)
    let other = pattern(depth - 1, &random)
    switch Int.random(in: 0..<8, using: &random) {
    case 0: return "(?:\(inner))*"
    case 1: return "(?:\(inner))+"
    case 2: return "(?:\(inner))?\(other)"
    case 3: return "(?:\(inner)|\(other))"
    case 4: return "^\(inner)\(other)"
    case 5: return "\(inner)(?:\(other)){1,3}$"
    case 6: return "\\b\(inner)\(other)"
    default: return inner + other
    }
  }
}
