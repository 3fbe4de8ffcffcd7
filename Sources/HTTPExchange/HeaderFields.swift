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

  /// Received lines stay as they came until someone wants them all or changes one.
  private enum Storage: Sendable {
    case made([Field])
    case received(ReceivedFields)
  }

  private var storage: Storage

  package init() { storage = .made([]) }

  /// Fields from lines in order.
  package init(_ fields: [Field]) { storage = .made(fields) }

  /// Fields from pairs in order.
  package init(_ pairs: [(String, String)]) {
    storage = .made(pairs.map { Field($0.0, $0.1) })
  }

  /// Fields as they came.
  package init(_ received: ReceivedFields) { storage = .received(received) }

  /// The lines in order.
  package private(set) var fields: [Field] {
    get {
      switch storage {
      case .made(let fields): fields
      case .received(let received): received.fields
      }
    }
    _modify {
      var fields = self.fields
      // Let go of the storage first, so that a change in place does not copy.
      storage = .made([])
      defer { storage = .made(fields) }
      yield &fields
    }
  }

  /// The lines as they came, as long as nobody has changed one.
  package var received: ReceivedFields? {
    if case .received(let received) = storage { return received }
    return nil
  }

  /// How many lines there are.
  package var count: Int {
    switch storage {
    case .made(let fields): fields.count
    case .received(let received): received.lines.count
    }
  }

  /// The value of the first line of that name; setting replaces every line of the name.
  package subscript(name: String) -> String? {
    get {
      switch storage {
      case .made(let fields):
        return fields.first { equalsIgnoringCase($0.name, name) }?.value
      case .received(let received):
        return received.index(of: name).map { received.text(received.lines[$0].value) }
      }
    }
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
    switch storage {
    case .made(let fields):
      return fields.filter { equalsIgnoringCase($0.name, name) }.map(\.value)
    case .received(let received):
      var values: [String] = []
      var next = received.index(of: name)
      while let index = next {
        values.append(received.text(received.lines[index].value))
        next = received.index(of: name, after: index + 1)
      }
      return values
    }
  }

  /// The values of all lines joined by ", " (RFC 9110 §5.2), or nil when there is none.
  package func joined(_ name: String) -> String? {
    if case .received(let received) = storage {
      guard let first = received.index(of: name) else { return nil }
      if received.index(of: name, after: first + 1) == nil {
        return received.text(received.lines[first].value)
      }
    }
    let all = values(name)
    return all.count < 2 ? all.first : all.joined(separator: ", ")
  }

  /// Whether a line of that name exists.
  package func contains(_ name: String) -> Bool {
    switch storage {
    case .made(let fields): fields.contains { equalsIgnoringCase($0.name, name) }
    case .received(let received): received.index(of: name) != nil
    }
  }

  /// Whether a line's name, as bytes, is such; makes no text of received lines.
  package func containsName(where test: (UnsafeBufferPointer<UInt8>) -> Bool) -> Bool {
    switch storage {
    case .made(let fields):
      return fields.contains { field in
        var name = field.name
        return name.withUTF8(test)
      }
    case .received(let received):
      return received.bytes.withUnsafeBufferPointer { bytes in
        received.lines.contains { test(.init(rebasing: bytes[$0.name])) }
      }
    }
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

  package func hash(into hasher: inout Hasher) { hasher.combine(fields) }
}

/// Compares two ASCII texts without regard to case and without making new ones.
package func equalsIgnoringCase(_ left: String, _ right: String) -> Bool {
  guard left.utf8.count == right.utf8.count else { return false }
  var (left, right) = (left, right)
  return left.withUTF8 { left in right.withUTF8 { equalIgnoringCase(left, $0) } }
}
