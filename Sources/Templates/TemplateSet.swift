import Diagnostics
import Synchronization

/// Compiles templates once, links them to what they extend and include, and renders them to bytes.
///
/// Written in the manner of Jinja and Liquid; everything is escaped unless it is marked safe.
package final class TemplateSet: Sendable {
  private let load: @Sendable (String) -> TemplateSource?
  private let limits: Limits
  private let state = Mutex(State())

  private struct State {
    var compiled: [String: Template] = [:]
    var linked: [String: LinkedTemplate] = [:]
  }

  /// Bounds on what one rendering may do.
  package struct Limits: Sendable {
    /// Templates inside one another, by inclusion or inheritance.
    package var depth = 32
    /// Bytes of one page.
    package var outputBytes = 64 << 20

    package init() {}
  }

  /// Templates by name, where the name is also the path that people know.
  package convenience init(load: @escaping @Sendable (String) -> [UInt8]?) {
    self.init { (name: String) in
      load(name).map { TemplateSource(file: name, text: $0) }
    }
  }

  /// Templates with their own paths; those whose text has not changed since `previous` are kept.
  package init(
    reusing previous: TemplateSet? = nil, limits: Limits = Limits(),
    sources: @escaping @Sendable (String) -> TemplateSource?
  ) {
    load = sources
    self.limits = limits
    guard let previous else { return }
    let kept = previous.state.withLock { $0.compiled }.filter { sources($0.key) == $0.value.source }
    state.withLock { $0.compiled = kept }
  }

  /// The page that a template makes of some values.
  package func render(_ name: String, _ context: [String: TemplateValue]) throws(Diagnostic)
    -> [UInt8]
  {
    var renderer = TemplateRenderer(
      linked: try linked(name), context: context, limit: limits.outputBytes, traces: false)
    return try renderer.render()
  }

  /// The same with the place that each stretch of the page came from.
  package func renderTraced(
    _ name: String, _ context: [String: TemplateValue]
  ) throws(Diagnostic) -> TracedPage {
    var renderer = TemplateRenderer(
      linked: try linked(name), context: context, limit: limits.outputBytes, traces: true)
    let bytes = try renderer.render()
    return TracedPage(bytes: bytes, segments: renderer.segments)
  }

  /// Names of all templates that a page is made of, itself included, sorted.
  package func dependencies(of name: String) throws(Diagnostic) -> [String] {
    let linked = try linked(name)
    return (linked.chain.map(\.name) + linked.includes.keys).sorted()
  }

  // MARK: Compiling and linking

  private func linked(_ name: String) throws(Diagnostic) -> LinkedTemplate {
    if let known = state.withLock({ $0.linked[name] }) { return known }
    guard let first = try compiled(name) else {
      throw Diagnostic(.templateMissing, "there is no template '\(name)'")
    }
    var chain = [first]
    while let last = chain.last, let parent = last.parent {
      let next = try named(parent.name, by: last, at: parent.at)
      if chain.contains(where: { $0.name == next.name }) {
        throw last.source.error(
          .templateMissing, "the template '\(parent.name)' extends itself in a circle",
          at: parent.at)
      }
      guard chain.count < limits.depth else { throw tooDeep(last, parent.at) }
      chain.append(next)
    }
    var includes: [String: Template] = [:]
    for template in chain {
      try collect(template, path: [template.name], into: &includes)
    }
    let made = LinkedTemplate(chain: chain, includes: includes)
    state.withLock { $0.linked[name] = made }
    return made
  }

  private func collect(
    _ template: Template, path: [String], into includes: inout [String: Template]
  ) throws(Diagnostic) {
    for (name, offset) in template.includes {
      let next = try named(name, by: template, at: offset)
      if path.contains(name) {
        throw template.source.error(
          .templateMissing, "the template '\(name)' includes itself in a circle", at: offset,
          remedy: "the circle is \((path + [name]).joined(separator: " > "))")
      }
      guard path.count < limits.depth else { throw tooDeep(template, offset) }
      if let parent = next.parent {
        throw next.source.error(
          .templateSyntax, "an included template cannot extend another", at: parent.at)
      }
      includes[name] = next
      try collect(next, path: path + [name], into: &includes)
    }
  }

  private func named(_ name: String, by template: Template, at offset: Int) throws(Diagnostic)
    -> Template
  {
    if let found = try compiled(name) { return found }
    throw template.source.error(
      .templateMissing, "there is no template '\(name)'", at: offset,
      remedy: "names are below the folder of layouts: write \"partials/header.html\"")
  }

  private func tooDeep(_ template: Template, _ offset: Int) -> Diagnostic {
    template.source.error(
      .templateMissing, "templates stand more than \(limits.depth) deep in one another", at: offset)
  }

  private func compiled(_ name: String) throws(Diagnostic) -> Template? {
    if let known = state.withLock({ $0.compiled[name] }) { return known }
    guard let source = load(name) else { return nil }
    let template = try TemplateParser.compile(name, source)
    state.withLock { $0.compiled[name] = template }
    return template
  }
}

/// A template with everything it extends and includes.
struct LinkedTemplate: Sendable {
  /// From the one that was asked for to the one that extends nothing.
  let chain: [Template]
  let includes: [String: Template]
  /// What stands in each block, the most derived first.
  let blocks: [String: [(template: Template, body: [Instruction])]]

  init(chain: [Template], includes: [String: Template]) {
    self.chain = chain
    self.includes = includes
    var blocks: [String: [(template: Template, body: [Instruction])]] = [:]
    for template in chain {
      for (name, body) in template.blocks { blocks[name, default: []].append((template, body)) }
    }
    self.blocks = blocks
  }
}

/// A page with the places its bytes came from.
package struct TracedPage: Sendable {
  /// The page.
  package let bytes: [UInt8]
  let segments: [TraceSegment]

  /// Where the byte at an offset was written: the exact place in a template's own text, or the tag
  /// whose value it belongs to (`isExact` is false then).
  package func origin(of offset: Int) -> (place: Place, isExact: Bool)? {
    var low = 0
    var high = segments.count
    while low < high {
      let middle = (low + high) / 2
      if segments[middle].start <= offset { low = middle + 1 } else { high = middle }
    }
    guard low > 0 else { return nil }
    let segment = segments[low - 1]
    let shift = segment.isText ? offset - segment.start : 0
    return (segment.source.place(segment.offset + shift), segment.isText)
  }
}

struct TraceSegment: Sendable {
  let start: Int
  let source: TemplateSource
  let offset: Int
  let isText: Bool
}
