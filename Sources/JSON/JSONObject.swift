/// Members of an object in the order they were written; equality ignores the order.
package struct JSONObject: Sendable {
  /// The members in order.
  package private(set) var members: [(name: String, value: JSON)]

  /// Index by name, kept only for large objects: most have a dozen members or fewer.
  private var index: [String: Int]?
  private static let indexedFrom = 16

  /// An empty object.
  package init() { members = [] }

  /// An object of these members; a repeated name keeps its first place and its last value.
  package init(_ elements: [(String, JSON)]) {
    members = []
    for (name, value) in elements { self[name] = value }
  }

  /// The number of members.
  package var count: Int { members.count }

  /// Whether there are none.
  package var isEmpty: Bool { members.isEmpty }

  /// The names in order.
  package var names: [String] { members.map(\.name) }

  /// The value of a name; setting nil removes the member.
  package subscript(name: String) -> JSON? {
    get { position(of: name).map { members[$0].value } }
    set {
      switch (position(of: name), newValue) {
      case (let at?, let value?): members[at].value = value
      case (nil, let value?): append(name, value)
      case (let at?, nil):
        members.remove(at: at)
        index = nil
      case (nil, nil): break
      }
    }
  }

  private func position(of name: String) -> Int? {
    if let index { return index[name] }
    return members.firstIndex { $0.name == name }
  }

  private mutating func append(_ name: String, _ value: JSON) {
    members.append((name, value))
    if index != nil {
      index?[name] = members.count - 1
    } else if members.count >= Self.indexedFrom {
      index = Dictionary(
        members.enumerated().map { ($1.name, $0) }, uniquingKeysWith: { first, _ in first })
    }
  }
}

extension JSONObject: Hashable {
  package static func == (left: JSONObject, right: JSONObject) -> Bool {
    guard left.count == right.count else { return false }
    return left.members.allSatisfy { right[$0.name] == $0.value }
  }

  package func hash(into hasher: inout Hasher) {
    // Order must not matter, so only what is independent of it is hashed.
    hasher.combine(count)
    hasher.combine(Set(names))
  }
}

extension JSONObject: Sequence {
  package func makeIterator() -> IndexingIterator<[(name: String, value: JSON)]> {
    members.makeIterator()
  }
}

extension JSONObject: ExpressibleByDictionaryLiteral {
  package init(dictionaryLiteral elements: (String, JSON)...) { self.init(elements) }
}
