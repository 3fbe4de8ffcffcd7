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
}
