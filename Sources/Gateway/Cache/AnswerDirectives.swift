import HTTPExchange

/// The directives that rule an answer: those of `CDN-Cache-Control` alone where it is valid and not
/// empty, else those of `Cache-Control` (RFC 9213 §2.2).
struct AnswerDirectives: Sendable, Hashable {
  var directives: CacheDirectives
  /// Whether the targeted field rules, so that `Expires` says nothing either.
  var isTargeted: Bool

  init(_ headers: HeaderFields) {
    if let field = headers.joined("cdn-cache-control"),
      let dictionary = StructuredDictionary(field), !dictionary.members.isEmpty
    {
      directives = Self.directives(dictionary)
      isTargeted = true
    } else {
      directives = CacheDirectives(headers.joined("cache-control"))
      isTargeted = false
    }
  }

  private static func directives(_ dictionary: StructuredDictionary) -> CacheDirectives {
    var directives = CacheDirectives()
    directives.noStore = dictionary.isTrue("no-store")
    // With field names (a text) the directive still forbids more than it allows.
    directives.noCache = isSet(dictionary, "no-cache")
    directives.isPrivate = isSet(dictionary, "private")
    directives.isPublic = dictionary.isTrue("public")
    directives.mustRevalidate = dictionary.isTrue("must-revalidate")
    directives.proxyRevalidate = dictionary.isTrue("proxy-revalidate")
    directives.mustUnderstand = dictionary.isTrue("must-understand")
    directives.noTransform = dictionary.isTrue("no-transform")
    directives.maxAge = dictionary.seconds("max-age")
    directives.sharedMaxAge = dictionary.seconds("s-maxage")
    directives.staleWhileRevalidate = dictionary.seconds("stale-while-revalidate")
    directives.staleIfError = dictionary.seconds("stale-if-error")
    return directives
  }

  private static func isSet(_ dictionary: StructuredDictionary, _ name: String) -> Bool {
    switch dictionary.members[name] {
    case .boolean(let value): value
    case .other: true
    case .integer, nil: false
    }
  }
}
