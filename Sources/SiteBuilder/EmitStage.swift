import Diagnostics
import JSON
import SiteBundle

extension SiteBuild {
  // MARK: Emit

  /// Everything beside the pages, then the manifest, which defines what is published.
  func emit(
    _ site: ParsedSite, _ rendered: [RenderedPage], _ map: SiteMap, _ sources: FileTree,
    _ emitter: Emitter, _ findings: Findings
  ) throws(DiagnosticList) -> BundleManifest {
    emitAssets(rendered, map, emitter)
    for file in site.files {
      guard let bytes = sources[file.source] else { continue }
      let isPage = file.key.hasSuffix(".html")
      emitter.emit(file.key, isPage ? .page : .file, bytes)
    }
    emitter.emit(ConfigModule.key, .file, ConfigModule.bytes(settings))
    emitIndexes(site, rendered, emitter)
    map.policy.check(findings)
    emitter.writeHidden(
      EdgeFiles.functionKey,
      EdgeFiles.viewerRequest(
        redirects: site.redirects, spaRoutes: site.spaRoutes, pages: Array(map.pages),
        findings: findings))
    emitter.writeHidden(EdgeFiles.policyKey, EdgeFiles.responseHeadersPolicy(map.policy))
    try findings.check()
    let coders = Dictionary(
      uniqueKeysWithValues: settings.coders.map { ($0.coding, $0.identity) })
    do {
      let manifest = BundleManifest(
        entries: try emitter.finish(), headerGroups: map.policy.groups, redirects: site.redirects,
        spaRoutes: site.spaRoutes, baseURL: settings.baseURL, coders: coders)
      emitter.writeHidden(BundleFolder.manifestKey, manifest.encoded())
      _ = try emitter.finish()
      return manifest
    } catch {
      throw DiagnosticList([error])
    }
  }

  private func emitAssets(_ rendered: [RenderedPage], _ map: SiteMap, _ emitter: Emitter) {
    var assets = Array(map.assets.assets.values)
    var seen = Set(assets.map(\.key))
    for asset in rendered.flatMap(\.extracted) where seen.insert(asset.key).inserted {
      assets.append(asset)
    }
    _ = Parallel.map(assets.sorted { $0.key < $1.key }) { asset in
      emitter.emit(asset.key, .asset, asset.bytes)
    }
  }

  private func emitIndexes(_ site: ParsedSite, _ rendered: [RenderedPage], _ emitter: Emitter) {
    let listed = rendered.filter(\.isIndexed).map { site.pages[$0.index] }
      .filter { $0.isListed && $0.key != "404.html" }
    let taken = Set(site.files.map(\.key))
    emitter.emit(Sitemap.key, .index, Sitemap.bytes(listed, settings))
    if !taken.contains("robots.txt") {
      emitter.emit("robots.txt", .file, Sitemap.robots(settings))
    }
    if let pages = site.collections[settings.feedCollection] {
      emitter.emit(
        Feed.key, .index, Feed.bytes(pages, settings), type: Feed.contentType)
    }
  }
}
