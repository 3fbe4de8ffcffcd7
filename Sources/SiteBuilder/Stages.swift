import Diagnostics
import SiteBundle
import Synchronization
import Templates
import Time

/// What is known of the site between the stages.
struct ParsedSite: Sendable {
  /// All pages, sorted by key.
  var pages: [Page] = []
  /// Pages of each collection, newest first.
  var collections: [String: [Page]] = [:]
  /// Files with stable names, by key.
  var files: [(key: String, source: String)] = []
  var redirects: [Redirect] = []
  var spaRoutes: [SPARoute] = []
}

extension SiteBuild {
  // MARK: Parse

  /// Sources to pages and files.
  func parse(_ sources: FileTree, _ findings: Findings) -> ParsedSite {
    let reader = PageReader(settings: settings, now: time.now(), findings: findings)
    let content = sources.paths(under: settings.contentFolder, ending: ".md")
    let templates = sources.paths(under: "\(settings.siteFolder)/pages", ending: ".html")
    let known = memory.withLock { $0.pages }
    let pages = Parallel.map(content + templates) { [settings] path -> Page? in
      guard let text = sources[path] else { return nil }
      // A page that was read from the same text is the same; what depends on today is read again.
      if let known = known[path], known.text == text, known.page.front.fields["expires"] == nil {
        return known.page
      }
      return path.hasPrefix(settings.contentFolder + "/") && path.hasSuffix(".md")
        ? reader.markdown(path, text) : reader.template(path, text)
    }.compactMap { $0 }
    memory.withLock { memory in
      memory.pages = Dictionary(
        pages.filter { !$0.isBroken }.map { ($0.file, ($0.text, $0)) },
        uniquingKeysWith: { first, _ in first })
    }
    var site = ParsedSite()
    site.pages = pages
    let folder = "\(settings.siteFolder)/static"
    site.files = sources.paths(under: folder).map {
      (String($0.dropFirst(folder.utf8.count + 1)), $0)
    }
    return site
  }

  // MARK: Link

  /// Addresses, collections, redirects and names of assets; returns the map of the whole site.
  func link(_ site: inout ParsedSite, _ sources: FileTree, _ findings: Findings) -> SiteMap {
    addAPIPage(&site, sources, findings)
    site.pages.sort { $0.key < $1.key }
    refuseConflicts(site, findings)
    for page in site.pages {
      if let collection = page.collection, !page.isBroken {
        site.collections[collection, default: []].append(page)
      }
    }
    for (name, pages) in site.collections {
      site.collections[name] = pages.sorted {
        // Newest first; equal dates by address, so that the order never depends on the disk.
        let left = $0.date?.milliseconds ?? Int.min
        let right = $1.date?.milliseconds ?? Int.min
        return (right, $0.weight, $0.url) < (left, $1.weight, $1.url)
      }
    }
    var map = SiteMap(policy: HeaderPolicy(settings))
    map.pages = Set(site.pages.map(\.url))
    map.files = Set(site.files.map { "/" + $0.key })
    map.files.formUnion(["/\(ConfigModule.key)", "/\(Sitemap.key)", "/robots.txt"])
    if site.collections[settings.feedCollection] != nil { map.files.insert("/\(Feed.key)") }
    map.spaPrefixes = settings.spaPrefixes
    map.dynamicPaths = settings.dynamicPaths
    linkShells(&site, findings)
    linkAliases(&site, map, findings)
    map.moved = Set(site.redirects.map(\.from))
    map.assets = linkAssets(sources, map, findings)
    return map
  }

  private func refuseConflicts(_ site: ParsedSite, _ findings: Findings) {
    var owners: [String: Page] = [:]
    for page in site.pages {
      if let owner = owners[page.key] {
        findings.note(
          Diagnostic(
            .addressTaken, "'\(page.url)' is already made of '\(owner.file)'",
            at: page.place(of: "title"), remedy: "rename one of the two files"))
      }
      owners[page.key] = page
      if !BundleManifest.isSafe(page.key) {
        findings.note(
          Diagnostic(
            .addressReserved, "'\(page.url)' cannot be published: a part of it is hidden or empty",
            at: page.place(of: "title"), remedy: "rename the file"))
      }
      if SiteMap.isProviders(page.url) || page.url.hasPrefix("/.portico/") {
        findings.note(
          Diagnostic(
            .addressReserved, "'\(page.url)' belongs to the accounts' provider",
            at: page.place(of: "title"), remedy: "put the page elsewhere, such as below /app/"))
      }
    }
    for file in site.files {
      let taken = owners[file.key].map(\.file)
      let isOurs = [ConfigModule.key, Sitemap.key, Feed.key].contains(file.key)
      if taken != nil || isOurs {
        findings.note(
          Diagnostic(
            .addressTaken, "'/\(file.key)' is already made by \(taken ?? "the build")",
            at: Place(file: file.source), remedy: "rename or remove the file"))
      }
      if file.key.hasPrefix(".well-known/")
        ? SiteMap.isServed(file.key) : !BundleManifest.isSafe(file.key)
      {
        findings.note(
          Diagnostic(
            .addressReserved, "'/\(file.key)' cannot be published", at: Place(file: file.source),
            remedy: "rename or remove the file"))
      }
    }
    if owners["404.html"] == nil {
      findings.note(
        Diagnostic(
          .pageMissing, "there is no page for addresses that do not exist",
          at: Place(file: "\(settings.siteFolder)/pages"),
          remedy: "add \(settings.siteFolder)/pages/404.html"))
    }
  }

  private func linkShells(_ site: inout ParsedSite, _ findings: Findings) {
    for prefix in settings.spaPrefixes {
      let shell = prefix.dropFirst() + "index.html"
      guard site.pages.contains(where: { $0.key == shell }) else {
        findings.note(
          Diagnostic(
            .pageMissing, "the application at '\(prefix)' has no shell",
            at: Place(file: "\(settings.siteFolder)/pages"),
            remedy: "add \(settings.siteFolder)/pages/\(shell), or change site.spa_prefixes"))
        continue
      }
      site.spaRoutes.append(SPARoute(prefix: prefix, shell: String(shell)))
    }
  }

  private func linkAliases(_ site: inout ParsedSite, _ map: SiteMap, _ findings: Findings) {
    var owners: [String: String] = [:]
    for page in site.pages {
      for (alias, _) in page.aliases {
        let place = page.place(of: "aliases")
        func refuse(_ message: String, _ remedy: String) {
          findings.note(Diagnostic(.redirectInvalid, message, at: place, remedy: remedy))
        }
        if !alias.hasPrefix("/") || alias.contains("?") || alias.contains("#") {
          refuse("the alias '\(alias)' is not a path", "write it as /old/address/")
          continue
        }
        if map.pages.contains(alias) || map.pages.contains(alias + "/") || map.files.contains(alias)
        {
          refuse("the alias '\(alias)' is an address that exists", "remove it")
          continue
        }
        if let owner = owners[alias] {
          refuse("the alias '\(alias)' already leads to '\(owner)'", "keep one of the two")
          continue
        }
        owners[alias] = page.url
        site.redirects.append(Redirect(from: alias, to: page.url))
        // Both spellings move: a link of old may have had the slash or not.
        let other = alias.hasSuffix("/") ? String(alias.dropLast()) : alias + "/"
        if !alias.contains("."), other.count > 1, owners[other] == nil, !map.pages.contains(other) {
          owners[other] = page.url
          site.redirects.append(Redirect(from: other, to: page.url))
        }
      }
    }
  }

  private func linkAssets(_ sources: FileTree, _ map: SiteMap, _ findings: Findings) -> AssetGraph {
    var inputs: [(key: String, file: String, bytes: [UInt8])] = []
    for path in sources.paths(under: "\(settings.siteFolder)/assets") {
      let key = String(path.dropFirst(settings.siteFolder.utf8.count + 1))
      if let bytes = sources[path] { inputs.append((key, path, bytes)) }
    }
    for path in sources.paths(under: settings.contentFolder) where !path.hasSuffix(".md") {
      let key = String(path.dropFirst(settings.contentFolder.utf8.count + 1))
      if let bytes = sources[path] { inputs.append((key, path, bytes)) }
    }
    let raw = Dictionary(inputs.map { ($0.key, $0.bytes) }, uniquingKeysWith: { first, _ in first })
    let known = memory.withLock { memory -> AssetGraph? in
      memory.assetSources == raw && memory.assetStable == map.files ? memory.assets : nil
    }
    if let known { return known }
    let before = findings.sorted.count
    let made = AssetGraph.build(inputs, stable: map.files, allowed: map.policy, findings: findings)
    if findings.sorted.count == before {
      memory.withLock { memory in
        memory.assetSources = raw
        memory.assetStable = map.files
        memory.assets = made
      }
    }
    return made
  }
}

extension SiteMap {
  /// Documents below `/.well-known/` that the provider answers itself.
  static func isServed(_ key: String) -> Bool {
    ["jwks.json", "openid-configuration", "oauth-authorization-server"].contains {
      key == ".well-known/\($0)"
    }
  }
}
