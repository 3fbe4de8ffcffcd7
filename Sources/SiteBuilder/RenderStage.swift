import Diagnostics
import JSON
import SiteBundle
import Synchronization
import Templates

/// What rendering leaves behind of a page, whose bytes are written already.
struct RenderedPage: Sendable {
  var index: Int
  var ids: Set<String>
  var anchors: [(url: String, fragment: String, offset: Int)]
  var extracted: [Asset]
  var isIndexed: Bool
}

extension SiteBuild {
  // MARK: Render

  /// Pages to HTML, straight to the emitter, so that no more than a few are in memory at once.
  func render(
    _ site: ParsedSite, _ sources: FileTree, _ map: SiteMap, _ emitter: Emitter,
    _ findings: Findings
  ) -> [RenderedPage] {
    let templates = templateSet(site, sources)
    let shared = sharedContext(site)
    let neighbours = neighbours(site)
    let renderer = PageRenderer(
      templates: templates, shared: shared, map: map, findings: findings)
    let rendered = Parallel.map(Array(site.pages.indices)) { index -> RenderedPage? in
      let page = site.pages[index]
      if page.isBroken { return nil }
      let (previous, next) = neighbours[page.url] ?? (nil, nil)
      let context = page.value(
        previous: previous.map { site.pages[$0] }, next: next.map { site.pages[$0] })
      guard let made = renderer.render(page, context) else { return nil }
      emitter.emit(page.key, .page, made.bytes)
      return RenderedPage(
        index: index, ids: made.ids, anchors: made.anchors, extracted: made.extracted,
        isIndexed: made.isIndexed)
    }.compactMap { $0 }
    checkAnchors(rendered, site, renderer, neighbours)
    return rendered
  }

  private func templateSet(_ site: ParsedSite, _ sources: FileTree) -> TemplateSet {
    let own = Dictionary(
      site.pages.filter { $0.template.hasPrefix(PageReader.ownTemplate) }.map {
        ($0.template, TemplateSource(file: $0.file, text: $0.text, start: $0.front.bodyStart))
      }, uniquingKeysWith: { first, _ in first })
    let folder = "\(settings.siteFolder)/layouts/"
    let previous = memory.withLock { $0.templates }
    let made = TemplateSet(reusing: previous) { name in
      if let page = own[name] { return page }
      if let text = sources[folder + name] {
        return TemplateSource(file: folder + name, text: text)
      }
      return BuiltInLayouts.source(name)
    }
    memory.withLock { $0.templates = made }
    return made
  }

  private func sharedContext(_ site: ParsedSite) -> [String: TemplateValue] {
    var values: [String: TemplateValue] = [
      "title": .string(settings.title), "base_url": .string(settings.baseURL),
      "language": .string(settings.language), "api_base_url": .string(settings.apiBaseURL),
      "params": .map(settings.params.mapValues { .string($0) }),
    ]
    if !settings.description.isEmpty { values["description"] = .string(settings.description) }
    if !settings.author.isEmpty { values["author"] = .string(settings.author) }
    return [
      "site": .map(values),
      "collections": .map(
        site.collections.mapValues { pages in .list(pages.map { .map($0.listing) }) }),
    ]
  }

  /// Previous (older) and next (newer) page of each page in its collection, as indices.
  private func neighbours(_ site: ParsedSite) -> [String: (previous: Int?, next: Int?)] {
    let indices = Dictionary(
      site.pages.enumerated().map { ($1.url, $0) }, uniquingKeysWith: { first, _ in first })
    var found: [String: (previous: Int?, next: Int?)] = [:]
    for pages in site.collections.values {
      for (position, page) in pages.enumerated() {
        found[page.url] = (
          position + 1 < pages.count ? indices[pages[position + 1].url] : nil,
          position > 0 ? indices[pages[position - 1].url] : nil
        )
      }
    }
    return found
  }

  /// Holds links to a place in a page against the ids of that page.
  private func checkAnchors(
    _ rendered: [RenderedPage], _ site: ParsedSite, _ renderer: PageRenderer,
    _ neighbours: [String: (previous: Int?, next: Int?)]
  ) {
    let ids = Dictionary(
      rendered.map { (site.pages[$0.index].url, $0.ids) }, uniquingKeysWith: { first, _ in first })
    for made in rendered {
      var problems: [PageProblem] = []
      for anchor in made.anchors {
        guard let known = ids[anchor.url], !known.contains(anchor.fragment) else { continue }
        let near = Suggestion.nearest(to: anchor.fragment, among: known.sorted())
        problems.append(
          PageProblem(
            offset: anchor.offset, code: .linkDead,
            message: "'\(anchor.url)' has no place named '\(anchor.fragment)'",
            remedy: near.map { "did you mean '#\($0)'?" }
              ?? "mend the link, or give an element there that id"))
      }
      if problems.isEmpty { continue }
      let page = site.pages[made.index]
      let (previous, next) = neighbours[page.url] ?? (nil, nil)
      renderer.report(
        problems, page,
        page.value(previous: previous.map { site.pages[$0] }, next: next.map { site.pages[$0] }))
    }
  }
}

/// Renders one page and says where its mistakes stand in the sources.
struct PageRenderer: Sendable {
  let templates: TemplateSet
  let shared: [String: TemplateValue]
  let map: SiteMap
  let findings: Findings

  /// The finished page, or nil when it has mistakes, which are noted.
  func render(_ page: Page, _ values: [String: TemplateValue]) -> RewrittenPage? {
    do throws(Diagnostic) {
      let bytes = try templates.render(page.template, context(values))
      let made = PageRewriter.rewrite(bytes, url: page.url, map: map)
      if made.problems.isEmpty { return made }
      report(made.problems, page, values)
    } catch {
      findings.note(error.place == nil ? missingLayout(error, page) : error)
    }
    return nil
  }

  private func context(_ values: [String: TemplateValue]) -> [String: TemplateValue] {
    var context = shared
    context["page"] = .map(values)
    return context
  }

  private func missingLayout(_ error: Diagnostic, _ page: Page) -> Diagnostic {
    Diagnostic(
      error.code == .templateMissing ? .pageMissing : error.code,
      "there is no layout '\(page.template)'", at: page.place(of: "layout"),
      remedy: "add it to the folder of layouts, or name another by 'layout:'")
  }

  /// Renders once more with a record of where each byte came from, and notes the mistakes there.
  func report(_ problems: [PageProblem], _ page: Page, _ values: [String: TemplateValue]) {
    guard let traced = try? templates.renderTraced(page.template, context(values)) else { return }
    for problem in problems {
      var place = Place(file: page.file)
      if let (origin, isExact) = traced.origin(of: problem.offset) {
        place = isExact ? origin : self.place(problem, page, traced.bytes) ?? origin
      }
      findings.note(
        Diagnostic(problem.code, problem.message, at: place, remedy: problem.remedy))
    }
  }

  /// The place in the Markdown of something that stands in what it became: where the same bytes are.
  private func place(_ problem: PageProblem, _ page: Page, _ html: [UInt8]) -> Place? {
    guard page.file.hasSuffix(".md"), problem.offset < html.count else { return nil }
    let quoted = html[problem.offset...].prefix { !"\"'<> ".utf8.contains($0) }
    let wanted = Array(CharacterReferences.resolve(quoted).utf8)
    let start = page.front.bodyStart
    if let offset = ByteSearch.find(wanted, in: page.text, from: start) {
      return Place(file: page.file, text: page.text, offset: offset)
    }
    // A relative address was resolved against the file's folder: look for its last segment.
    guard let last = wanted.split(separator: UInt8(ascii: "/")).last,
      let offset = ByteSearch.find(last, in: page.text, from: start)
    else { return nil }
    return Place(file: page.file, text: page.text, offset: offset)
  }
}
