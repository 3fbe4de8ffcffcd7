/// Header fields in the order received, looked up without regard to case (RFC 9110 §5.1).
package struct HeaderFields: Sendable, Hashable {
  /// One field line.
  package struct Field: Sendable, Hashable {
    package var name: String
    package var value: String

    package init(_ name: String, _ value: String) {
      self.name = name
      self.value = value
    }
  }

  /// The lines in order.
  package private(set) var fields: [Field]

  package init() { fields = [] }

  /// Fields from lines in order.
  package init(_ fields: [Field]) { self.fields = fields }

  /// Fields from pairs in order.
  package init(_ pairs: [(String, String)]) { fields = pairs.map { Field($0.0, $0.1) } }

  /// The value of the first line of that name; setting replaces every line of the name.
  package subscript(name: String) -> String? {
    get { fields.first { equalsIgnoringCase($0.name, name) }?.value }
    set {
      guard let newValue else { return remove(name) }
      guard let at = fields.firstIndex(where: { equalsIgnoringCase($0.name, name) }) else {
        return fields.append(Field(name, newValue))
      }
      fields[at].value = newValue
      var seen = false
      fields.removeAll { field in
        guard equalsIgnoringCase(field.name, name) else { return false }
        defer { seen = true }
        return seen
      }
    }
  }

  /// Every value of the name, line by line.
  package func values(_ name: String) -> [String] {
    fields.filter { equalsIgnoringCase($0.name, name) }.map(\.value)
  }

  /// The values of all lines joined by ", " (RFC 9110 §5.2), or nil when there is none.
  package func joined(_ name: String) -> String? {
    let all = values(name)
    return all.isEmpty ? nil : all.joined(separator: ", ")
  }

  /// Whether a line of that name exists.
  package func contains(_ name: String) -> Bool {
    fields.contains { equalsIgnoringCase($0.name, name) }
  }

  /// Adds a line at the end.
  package mutating func append(_ name: String, _ value: String) {
    fields.append(Field(name, value))
  }

  /// Removes every line of that name.
  package mutating func remove(_ name: String) {
    fields.removeAll { equalsIgnoringCase($0.name, name) }
  }

  /// Removes every line that the predicate accepts.
  package mutating func removeAll(where predicate: (Field) -> Bool) {
    fields.removeAll(where: predicate)
  }

  /// Adds a member to the `Vary` field unless it is there.
  package mutating func vary(on name: String) {
    guard let present = joined("vary") else { return append("vary", name) }
    let members = present.split(separator: ",").map { $0.filter { $0 != " " } }
    if members.contains(where: { equalsIgnoringCase(String($0), name) || $0 == "*" }) { return }
    self["vary"] = "\(present), \(name)"
  }

  package static func == (left: HeaderFields, right: HeaderFields) -> Bool {
    left.fields == right.fields
  }
}

/// Compares two ASCII texts without regard to case and without making new ones.
package func equalsIgnoringCase(_ left: String, _ right: String) -> Bool {
  let a = left.utf8
  let b = right.utf8
  guard a.count == b.count else { return false }
  return zip(a, b).allSatisfy { x, y in
    x == y || ((x | 0x20) == (y | 0x20) && (0x61...0x7A).contains(x | 0x20))
  }
}
