/// A path with parameters: `/stocks/{symbol}`, `/files/{proxy+}` or `/$default`.
package struct PathTemplate: Sendable, Hashable {
  /// One segment of a template.
  package enum Segment: Sendable, Hashable {
    case literal(String)
    /// Exactly one segment that is not empty.
    case parameter(String)
    /// One or more segments to the end of the path.
    case greedy(String)
  }

  /// Why a template is refused.
  package enum Refusal: Error, Sendable, Hashable {
    case noLeadingSlash
    case brokenBraces
    case greedyNotLast
    case repeatedParameter(String)
  }

  /// The template as written.
  package let text: String
  /// The segments between slashes; a path that ends in a slash ends in an empty literal.
  package let segments: [Segment]
  /// Whether this is the route of last resort.
  package let isDefault: Bool

  package init(_ text: String) throws(Refusal) {
    self.text = text
    isDefault = text == "/$default"
    if isDefault {
      segments = []
      return
    }
    guard text.hasPrefix("/") else { throw .noLeadingSlash }
    let parts = text.dropFirst().split(separator: "/", omittingEmptySubsequences: false)
    var segments: [Segment] = []
    var names: Set<String> = []
    for (index, part) in parts.enumerated() {
      let segment = try Self.segment(part)
      switch segment {
      case .greedy(let name):
        if index != parts.count - 1 { throw .greedyNotLast }
        if !names.insert(name).inserted { throw .repeatedParameter(name) }
      case .parameter(let name):
        if !names.insert(name).inserted { throw .repeatedParameter(name) }
      case .literal: break
      }
      segments.append(segment)
    }
    self.segments = segments
  }

  private static func segment(_ part: Substring) throws(Refusal) -> Segment {
    guard part.contains(where: { $0 == "{" || $0 == "}" }) else { return .literal(String(part)) }
    guard part.hasPrefix("{"), part.hasSuffix("}"), part.count > 2 else { throw .brokenBraces }
    let name = part.dropFirst().dropLast()
    if name.contains(where: { $0 == "{" || $0 == "}" }) { throw .brokenBraces }
    guard name.hasSuffix("+") else { return .parameter(String(name)) }
    if name.count == 1 { throw .brokenBraces }
    return .greedy(String(name.dropLast()))
  }

  /// Whether a plain look-up of the path decides.
  package var isStatic: Bool {
    !isDefault
      && segments.allSatisfy {
        if case .literal = $0 { true } else { false }
      }
  }

  /// Whether the template ends in a greedy parameter.
  package var isGreedy: Bool {
    if case .greedy = segments.last { true } else { false }
  }

  /// The names of the parameters in order.
  package var parameters: [String] {
    segments.compactMap {
      switch $0 {
      case .literal: nil
      case .parameter(let name), .greedy(let name): name
      }
    }
  }

  /// The template with its parameters' names blanked: two templates of one shape cannot coexist.
  package var shape: String {
    segments.map {
      switch $0 {
      case .literal(let text): "/\(text)"
      case .parameter: "/{}"
      case .greedy: "/{+}"
      }
    }.joined()
  }

  /// The parameters' values when the path matches.
  func match(_ path: [Substring]) -> [(name: String, value: String)]? {
    guard isGreedy ? path.count >= segments.count : path.count == segments.count else { return nil }
    var values: [(name: String, value: String)] = []
    for (index, segment) in segments.enumerated() {
      switch segment {
      case .literal(let text):
        if path[index] != text { return nil }
      case .parameter(let name):
        if path[index].isEmpty { return nil }
        values.append((name, String(path[index])))
      case .greedy(let name):
        let rest = path[index...].joined(separator: "/")
        // An empty remainder is not a match (spec/gateway.md §1.7, unconfirmed).
        if rest.isEmpty { return nil }
        values.append((name, rest))
      }
    }
    return values
  }

  /// Orders templates: literal before parameter before greedy, segment by segment.
  package static func precedes(_ left: PathTemplate, _ right: PathTemplate) -> Bool {
    if left.isDefault != right.isDefault { return right.isDefault }
    if left.isGreedy != right.isGreedy { return right.isGreedy }
    for (a, b) in zip(left.segments, right.segments) {
      let (x, y) = (rank(a), rank(b))
      if x != y { return x < y }
    }
    return left.segments.count > right.segments.count
  }

  private static func rank(_ segment: Segment) -> Int {
    switch segment {
    case .literal: 0
    case .parameter: 1
    case .greedy: 2
    }
  }
}
