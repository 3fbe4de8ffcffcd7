import HTTPExchange
import Testing

@testable import Gateway

@Suite("Cache directives") struct CacheDirectivesTests {
  @Test(
    "max-age is read by the letter",
    arguments: [
      ("max-age=3600", 3600), ("MAX-AGE=3600", 3600), ("max-age=03600", 3600),
      ("extension=\"max-age=3600\", max-age=1", 1), ("max-age=\"10\"", 10), ("max-age='3600'", 0),
      ("max-age=-3600", 0), ("max-age=1.5", 0), ("max-age=", 0), ("max-age", 0),
      ("max-age=99999999999", 2_147_483_647), ("max-age=99999999999999999999999", 2_147_483_647),
      ("max-age=1, max-age=3600", 1), (" , ,max-age=5,", 5), ("max-age = 5", nil),
      ("max-age= 5", 0), ("max-age=5 , x", 5),
      ("x=\"a\\\"b, max-age=9\", max-age=2", 2), ("x=\"unterminated, max-age=9", nil), ("", nil),
    ] as [(String, Int?)])
  func maxAge(field: String, expected: Int?) {
    #expect(CacheDirectives(field).maxAge == expected)
  }

  @Test("flags are read without regard to case and to what stands after '='") func flags() {
    let directives = CacheDirectives(
      "No-Store, NO-CACHE=\"set-cookie\", private, public, must-revalidate, proxy-revalidate, "
        + "must-understand, no-transform, only-if-cached, unknown=1, max-stale, min-fresh=3")
    #expect(directives.noStore && directives.noCache && directives.isPrivate && directives.isPublic)
    #expect(directives.mustRevalidate && directives.proxyRevalidate && directives.mustUnderstand)
    #expect(directives.noTransform && directives.onlyIfCached)
    #expect(directives.maxStale == CacheDirectives.mostSeconds)
    #expect(directives.minFresh == 3)
  }

  @Test(
    "dictionaries of RFC 9651",
    arguments: [
      ("max-age=10", true), ("max-age=10000, &&&&&", false), ("a=1, b;x=2, c=(1 \"x\");y", true),
      ("a,", false), ("A=1", false), ("a=\"x", false), ("a=1.5", true), ("a=1.2345", false),
      ("a=:YQ==:", true), ("a=?1", true), ("a=?2", false), ("a=tok/en:x", true), ("", true),
      ("a=@1", true), ("a=1 b=2", false), ("a = 1", false), ("a=1234567890123456", false),
    ])
  func dictionaries(text: String, isValid: Bool) {
    #expect((StructuredDictionary(text) != nil) == isValid)
  }

  @Test(
    "CDN-Cache-Control rules alone where it is valid",
    arguments: [
      ("max-age=100", "no-store", 100, false), ("max-age=10000, &&&&&", "max-age=5", 5, false),
      ("max-age=\"10000\"", "max-age=5", nil, false), ("", "max-age=5", 5, false),
      ("no-store", "max-age=5", nil, true), ("max-age=1, max-age=7", "", 7, false),
      ("MAX-AGE=7", "max-age=5", 5, false), ("max-age=-1", "max-age=5", nil, false),
    ] as [(String, String, Int?, Bool)])
  func targeted(cdn: String, plain: String, maxAge: Int?, noStore: Bool) {
    let answer = AnswerDirectives(
      HeaderFields([("cdn-cache-control", cdn), ("cache-control", plain)]))
    #expect(answer.directives.maxAge == maxAge)
    #expect(answer.directives.noStore == noStore)
  }
}
