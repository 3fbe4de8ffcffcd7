import HTTPExchange

/// The request fields that select an answer (RFC 9111 §4.1).
struct VaryFields: Sendable, Hashable {
  /// In lower case, each once.
  let names: [String]
  /// `*` as a member of any line: nothing ever matches.
  let isEverything: Bool

  init(_ headers: HeaderFields) {
    var names: [String] = []
    for line in headers.values("vary") {
      for member in line.split(separator: ",") {
        let name = member.filter { $0 != " " && $0 != "\t" }.lowercased()
        if !name.isEmpty, !names.contains(name) { names.append(name) }
      }
    }
    self.names = names
    isEverything = names.contains("*")
  }

  /// The values that a request has for the fields.
  func selection(of request: Request) -> [Selection] {
    names.map { Selection(name: $0, value: Self.normalized($0, request.headers)) }
  }

  /// One field with its value; nil is absent, which only matches absent.
  struct Selection: Sendable, Hashable {
    let name: String
    let value: String?
  }

  /// The language range with the highest weight, where one alone has it (RFC 9110 §12.5.4).
  static func preferred(_ field: String?) -> String? {
    var best: (name: String, weight: Double)?
    var isTied = false
    for member in (field ?? "").split(separator: ",") {
      let parts = member.filter { $0 != " " && $0 != "\t" }.split(separator: ";")
      guard let name = parts.first, name != "*" else { continue }
      let weight =
        parts.dropFirst().first { $0.lowercased().hasPrefix("q=") }
        .map { Double($0.dropFirst(2)) ?? 0 } ?? 1
      if weight > best?.weight ?? 0 {
        best = (String(name), weight)
        isTied = false
      } else if weight == best?.weight {
        isTied = true
      }
    }
    return isTied ? nil : best?.name
  }

  /// Lines joined, space around members left out; for lists of preferences their order and letter
  /// case too, since they mean the same (§4.1: "normalizing … in a way that is known to be …").
  static func normalized(_ name: String, _ headers: HeaderFields) -> String? {
    guard let joined = headers.joined(name) else { return nil }
    var members = joined.split(separator: ",").map { member in
      var text = member.drop { $0 == " " || $0 == "\t" }
      while let last = text.last, last == " " || last == "\t" { text.removeLast() }
      return String(text)
    }
    if name == "accept-language" || name == "accept-encoding" {
      members = members.map { $0.lowercased().filter { $0 != " " && $0 != "\t" } }.sorted()
    }
    return members.joined(separator: ",")
  }
}
