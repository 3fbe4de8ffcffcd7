import Diagnostics
import Settings

/// The sections `site`, `content` and `build` as values.
package struct SiteSettings: Sendable {
  /// Where the browser keeps the access token.
  package enum TokenStorage: String, Sendable, CaseIterable {
    case memory, session, local
  }

  /// Layouts, pages, assets and static files.
  package var siteFolder = "site"
  /// Markdown.
  package var contentFolder = "content"
  /// Drafts are left out unless asked for.
  package var drafts = false
  /// Pages dated after now are left out unless asked for.
  package var future = false
  package var title = "Untitled"
  package var description = ""
  package var author = ""
  package var language = "en"
  /// Origin for absolute addresses in feeds, sitemap and canonical links.
  package var baseURL = "http://localhost:8080"
  /// Where the browser finds the API: a path, or an origin that `connect-src` then allows.
  package var apiBaseURL = "/api/v1"
  /// The provider's discovery document; empty means sign-in without a provider.
  package var discovery = "/.well-known/openid-configuration"
  package var clientID = "portico-web"
  package var redirectPath = "/callback"
  package var logoutPath = "/"
  package var scopes = "openid email profile"
  package var tokenStorage = TokenStorage.memory
  /// Prefixes whose unknown navigations get the shell of the same address.
  package var spaPrefixes: [String] = []
  /// Paths that something else answers, so links to them are no mistake.
  package var dynamicPaths = ["/api/v1/", "/Prod/"]
  /// The collection that the feed is made of.
  package var feedCollection = "news"
  /// Entries of the feed at most: readers fetch it often.
  package var feedEntries = 20
  /// Free values for templates.
  package var params: [String: String] = [:]
  /// Further origins per directive of the policy.
  package var policySources: [String: [String]] = [:]
  /// Whether the policy demands Trusted Types: for sites without markup sinks.
  package var trustedTypes = false
  /// Whether pages may be embedded with resources that do not opt in (needs COEP otherwise).
  package var embedderPolicy = false
  /// Seconds that browsers remember to use TLS only.
  package var hstsMaxAgeSeconds = 63_072_000
  /// Characters of a policy: CloudFront's default quota L-E9944CCE.
  package var policyCharacters = 1_783
  /// Where compressed variants are kept between builds; empty keeps none.
  package var cacheFolder = ".build-cache"
  /// Brotli's quality, 1 to 11; 0 makes no such variants.
  package var brotliQuality = 11
  /// The API's document; the page on it is made when the file is there.
  package var openAPIFile = "site/openapi.yaml"
  package var apiPage = true
  /// Bytes of one source file.
  package var sourceBytes = 64 << 20

  package init() {}

  /// The codings that variants are made in.
  var coders: [ContentCoder] { ContentCoder.all(brotliQuality: brotliQuality) }

  /// Reads the three sections; findings are noted on the readers.
  package init(site: SettingsReader, content: SettingsReader, build: SettingsReader) {
    siteFolder = site.string("folder", default: siteFolder)
    title = site.string("title", default: title)
    description = site.string("description", default: description)
    author = site.string("author", default: author)
    language = site.string("language", default: language)
    baseURL = site.string("base_url", default: baseURL)
    if baseURL.hasSuffix("/") { baseURL.removeLast() }
    if !baseURL.hasPrefix("https://") && !baseURL.hasPrefix("http://") {
      site.note(
        .settingsWrongValue, "'\(baseURL)' is not an origin", key: "base_url",
        remedy: "write it as https://example.org")
    }
    apiBaseURL = site.string("api_base_url", default: apiBaseURL)
    discovery = site.string("discovery", default: discovery)
    clientID = site.string("client_id", default: clientID)
    redirectPath = site.string("redirect_path", default: redirectPath)
    logoutPath = site.string("logout_path", default: logoutPath)
    scopes = site.string("scopes", default: scopes)
    tokenStorage = site.choice("token_storage", default: tokenStorage)
    spaPrefixes = site.strings("spa_prefixes", default: spaPrefixes)
    for prefix in spaPrefixes where !prefix.hasPrefix("/") || !prefix.hasSuffix("/") {
      site.note(
        .settingsWrongValue, "the prefix '\(prefix)' does not begin and end with '/'",
        key: "spa_prefixes", remedy: "write it as /app/")
    }
    dynamicPaths = site.strings("dynamic_paths", default: dynamicPaths)
    feedCollection = site.string("feed_collection", default: feedCollection)
    feedEntries = site.int("feed_entries", default: feedEntries, in: 1...1_000)
    params = Dictionary(site.texts(of: "params"), uniquingKeysWith: { _, last in last })
    contentFolder = content.string("folder", default: contentFolder)
    drafts = content.bool("drafts", default: drafts)
    future = content.bool("future", default: future)
    readBuild(build)
  }

  private mutating func readBuild(_ build: SettingsReader) {
    cacheFolder = build.string("cache_folder", default: cacheFolder)
    brotliQuality = build.int("brotli_quality", default: brotliQuality, in: 0...11)
    apiPage = build.bool("api_page", default: apiPage)
    openAPIFile = build.string("openapi", default: openAPIFile)
    sourceBytes = build.int("source_bytes", default: sourceBytes, in: 1_024...1_073_741_824)
    trustedTypes = build.bool("trusted_types", default: trustedTypes)
    embedderPolicy = build.bool("cross_origin_embedder_policy", default: embedderPolicy)
    hstsMaxAgeSeconds = build.int(
      "hsts_max_age_seconds", default: hstsMaxAgeSeconds, in: 0...315_360_000)
    policyCharacters = build.int("policy_characters", default: policyCharacters, in: 256...32_768)
    let sources = build.section("policy_sources")
    for directive in HeaderPolicy.openDirectives {
      let origins = sources.strings(directive.replacing("-", with: "_"))
      if !origins.isEmpty { policySources[directive] = origins }
    }
  }
}
