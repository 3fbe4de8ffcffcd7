import SiteBundle
import TestSupport
import Testing

@testable import Sync

@Suite("Plan of an invalidation")
struct InvalidationPlanTests {
  private func paths(
    _ changed: [String], all: [String] = [], shells: [SPARoute] = [],
    limits: InvalidationPlan.Limits = .init()
  ) -> [String] {
    InvalidationPlan(
      changed: Set(changed), all: all + changed, shells: shells, limits: limits
    ).paths
  }

  @Test func `a page is forgotten under all its addresses`() {
    #expect(paths(["docs/index.html"]) == ["/docs", "/docs/", "/docs/index.html"])
    #expect(paths(["index.html"]) == ["/", "/index.html"])
    #expect(paths(["a.css", "404.html"]) == ["/404.html", "/a.css"])
    #expect(paths([]) == [])
  }

  @Test func `only what is unsafe or not ASCII is encoded`() {
    #expect(
      paths(["a b/é~(1)&=+,;@!'$.txt"]) == ["/a%20b/%C3%A9%7E(1)&=+,;@!'$.txt"])
    #expect(paths(["%7B{x}|^`\"<>#[]"]) == ["/%257B%7Bx%7D%7C%5E%60%22%3C%3E%23%5B%5D"])
  }

  @Test func `a changed shell takes its prefix with it`() {
    let shells = [SPARoute(prefix: "/app/", shell: "app/index.html")]
    #expect(
      paths(["app/index.html"], shells: shells) == ["/app", "/app/", "/app/*", "/app/index.html"])
    #expect(paths(["b.txt"], shells: shells) == ["/b.txt"])
  }

  @Test func `beyond the bound folders go whole, with least collateral`() {
    let news = (0..<40).map { "news/\($0)/index.html" }
    let docs = (0..<100).map { "docs/\($0)/index.html" }
    #expect(paths(news + ["about.html"], all: docs) == ["/about.html", "/news/*"])
    #expect(
      paths(news, all: docs + ["news/old.html", "news/deep/old.html"]).contains("/*") == false)
    let both = paths(news + ["docs/index.html", "docs/3/index.html"], all: docs)
    #expect(both.contains("/news/*"))
    #expect(both.contains("/docs/3/*"))
    #expect(both.contains("/docs/"))
    #expect(!both.contains("/docs/*"))
  }

  @Test func `all that is spread everywhere is everything`() {
    let spread = (0..<60).map { "s\($0)/a.html" }
    let rest = (0..<60).map { "s\($0)/b.html" }
    #expect(paths(spread, all: rest) == ["/*"])
    #expect(paths(spread) == ["/*"])
  }

  @Test(
    "CloudFront's bounds hold for any site",
    arguments: 0..<40)
  func bounds(seed: Int) {
    var random = SplitMix(state: UInt64(seed) &* 0x9E37_79B9)
    let all = (0..<300).map { number in
      let depth = Int(random.next() % 4)
      let folders = (0..<depth).map { _ in "d\(random.next() % 5)" }
      let name = random.next() % 3 == 0 ? "index.html" : "f\(number).html"
      return (folders + [name]).joined(separator: "/")
    }
    let changed = Set(all.filter { _ in random.next() % 3 == 0 })
    let limits = InvalidationPlan.Limits(
      paths: 1 + Int(random.next() % 60), wildcards: 1 + Int(random.next() % 15))
    let paths = InvalidationPlan(changed: changed, all: all, limits: limits).paths
    #expect(paths.count <= limits.paths)
    #expect(paths.count { $0.hasSuffix("*") } <= limits.wildcards)
    for path in paths {
      #expect(path.hasPrefix("/"))
      #expect(!path.dropLast().contains("*"))
    }
    for url in changed.flatMap(InvalidationPlan.urls) {
      let isCovered = paths.contains { path in
        path.hasSuffix("*") ? url.hasPrefix(path.dropLast()) : url == path
      }
      #expect(isCovered, "\(url) is not covered")
    }
  }

  @Test func `the reference follows release and paths`() {
    let plan = InvalidationPlan(changed: ["a"], all: ["a"])
    #expect(plan.callerReference(release: "1") == plan.callerReference(release: "1"))
    #expect(plan.callerReference(release: "1") != plan.callerReference(release: "2"))
    #expect(
      plan.callerReference(release: "1")
        != InvalidationPlan(changed: ["b"], all: ["b"]).callerReference(release: "1"))
  }
}
