import JSON
import Time

/// What may follow a `|`.
enum Filter: String, Sendable, CaseIterable {
  case absolute_url, date, `default`, escape, first, isodate, join, json, last, length, lower
  case replace, safe, slug, truncate, upper

  /// How many arguments it takes.
  var arguments: ClosedRange<Int> {
    switch self {
    case .date: 1...1
    case .replace: 2...2
    case .default, .join, .truncate: 0...1
    default: 0...0
    }
  }

  var argumentText: String {
    arguments.lowerBound == arguments.upperBound
      ? "\(arguments.lowerBound) arguments"
      : "\(arguments.lowerBound) to \(arguments.upperBound) arguments"
  }
}

/// Why a filter cannot take a value.
struct FilterFailure: Error {
  var reason: String
  var remedy: String?
}

extension Filter {
  func apply(
    to value: TemplateValue, _ arguments: [TemplateValue], baseURL: String
  ) throws(FilterFailure) -> TemplateValue {
    switch self {
    case .safe:
      if case .safe = value { return value }
      return .safe(Array(try text(value).utf8))
    case .escape:
      var bytes: [UInt8] = []
      Escaping.append(try text(value), to: &bytes)
      return .safe(bytes)
    case .upper: return .string(try text(value).uppercased())
    case .lower: return .string(try text(value).lowercased())
    case .slug: return .string(Slug.make(try text(value)))
    case .default: return value
    case .length: return .int(try length(value))
    case .first: return try elements(value).first ?? .null
    case .last: return try elements(value).last ?? .null
    case .join: return try join(value, arguments.first?.text ?? ", ")
    case .truncate: return try truncate(value, arguments.first ?? .int(160))
    case .replace: return try replace(value, arguments)
    case .json: return .string(try Self.json(value, depth: 0).text)
    case .isodate: return .string(try timestamp(value).isoDate)
    case .date: return .string(DatePattern.format(try timestamp(value), arguments[0].text ?? ""))
    case .absolute_url: return .string(absolute(try text(value), baseURL))
    }
  }

  private func text(_ value: TemplateValue) throws(FilterFailure) -> String {
    guard let text = value.text else {
      throw FilterFailure(reason: "'\(rawValue)' takes a text, not \(value.kind)")
    }
    return text
  }

  private func elements(_ value: TemplateValue) throws(FilterFailure) -> [TemplateValue] {
    guard case .list(let elements) = value else {
      throw FilterFailure(reason: "'\(rawValue)' takes a list, not \(value.kind)")
    }
    return elements
  }

  private func length(_ value: TemplateValue) throws(FilterFailure) -> Int {
    switch value {
    case .list(let elements): return elements.count
    case .map(let members): return members.count
    case .string(let text): return text.count
    default: throw FilterFailure(reason: "'length' takes a list or a text, not \(value.kind)")
    }
  }

  private func join(
    _ value: TemplateValue, _ separator: String
  ) throws(FilterFailure) -> TemplateValue {
    var texts: [String] = []
    for element in try elements(value) { texts.append(try text(element)) }
    return .string(texts.joined(separator: separator))
  }

  private func truncate(
    _ value: TemplateValue, _ most: TemplateValue
  ) throws(FilterFailure) -> TemplateValue {
    guard case .int(let most) = most, most > 0 else {
      throw FilterFailure(reason: "'truncate' takes a number of characters")
    }
    let whole = try text(value)
    guard whole.count > most else { return .string(whole) }
    var kept = whole.prefix(most)
    // A word is not cut in the middle unless it is the only one.
    if let space = kept.lastIndex(of: " ") { kept = kept[..<space] }
    return .string(kept + "…")
  }

  private func replace(
    _ value: TemplateValue, _ arguments: [TemplateValue]
  ) throws(FilterFailure) -> TemplateValue {
    let whole = Array(try text(value).utf8)
    let old = Array(try text(arguments[0]).utf8)
    let new = try text(arguments[1]).utf8
    guard !old.isEmpty else { return value }
    var out: [UInt8] = []
    var at = 0
    while let found = ByteText.find(old, in: whole, from: at) {
      out.append(contentsOf: whole[at..<found])
      out.append(contentsOf: new)
      at = found + old.count
    }
    out.append(contentsOf: whole[at...])
    return .string(String(decoding: out, as: UTF8.self))
  }

  private func timestamp(_ value: TemplateValue) throws(FilterFailure) -> Timestamp {
    if case .date(let date) = value { return date }
    if case .string(let text) = value, let date = Timestamp(iso8601: text) { return date }
    throw FilterFailure(
      reason: "'\(rawValue)' takes a date, not \(value.kind)",
      remedy: "write the date as 2026-11-20 or 2026-11-20T09:30:00Z")
  }

  private func absolute(_ path: String, _ baseURL: String) -> String {
    if path.hasPrefix("https://") || path.hasPrefix("http://") { return path }
    let base = baseURL.hasSuffix("/") ? String(baseURL.dropLast()) : baseURL
    return base + (path.hasPrefix("/") ? path : "/" + path)
  }

  private static func json(_ value: TemplateValue, depth: Int) throws(FilterFailure) -> JSON {
    guard depth < 32 else { throw FilterFailure(reason: "'json' was given more than 32 levels") }
    switch value {
    case .null: return .null
    case .bool(let value): return .bool(value)
    case .int(let value): return .int(value)
    case .double(let value): return JSONNumber(value).map { .number($0) } ?? .null
    case .string(let text): return .string(text)
    case .safe(let bytes): return .string(String(decoding: bytes, as: UTF8.self))
    case .date(let date): return .string(date.iso8601)
    case .list(let elements):
      var made: [JSON] = []
      for element in elements { made.append(try json(element, depth: depth + 1)) }
      return .array(made)
    case .map(let members):
      var made = JSONObject()
      for (name, member) in members.sorted(by: { $0.key < $1.key }) {
        made[name] = try json(member, depth: depth + 1)
      }
      return .object(made)
    }
  }
}

/// Names for addresses: small letters, digits and hyphens.
package enum Slug {
  /// The slug of a text; letters beyond ASCII are kept in lower case.
  package static func make(_ text: String) -> String {
    var out = ""
    var pendingHyphen = false
    for scalar in text.lowercased().unicodeScalars {
      let keeps =
        scalar.isASCII
        ? (0x30...0x39).contains(scalar.value) || (0x61...0x7A).contains(scalar.value)
        : scalar.properties.isAlphabetic || scalar.properties.numericType != nil
      if keeps {
        if pendingHyphen, !out.isEmpty { out.append("-") }
        pendingHyphen = false
        out.unicodeScalars.append(scalar)
      } else if scalar != "'" && scalar != "’" {
        pendingHyphen = true
      }
    }
    return out
  }
}

/// The patterns of strftime(3) that need no locale but English.
enum DatePattern {
  private static let months = [
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December",
  ]
  private static let days = [
    "Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday",
  ]

  static func format(_ date: Timestamp, _ pattern: String) -> String {
    let civil = CivilTime(date)
    var out = ""
    var iterator = pattern.makeIterator()
    while let character = iterator.next() {
      guard character == "%" else {
        out.append(character)
        continue
      }
      guard var directive = iterator.next() else { break }
      let isShort = directive == "-"
      if isShort { directive = iterator.next() ?? "%" }
      out += field(directive, civil, isShort: isShort)
    }
    return out
  }

  private static func field(_ directive: Character, _ civil: CivilTime, isShort: Bool) -> String {
    func two(_ value: Int) -> String { value < 10 && !isShort ? "0\(value)" : String(value) }
    switch directive {
    case "Y": return String(civil.year)
    case "y": return two(civil.year % 100)
    case "m": return two(civil.month)
    case "d": return two(civil.day)
    case "e": return String(civil.day)
    case "H": return two(civil.hour)
    case "I": return two((civil.hour + 11) % 12 + 1)
    case "M": return two(civil.minute)
    case "S": return two(civil.second)
    case "p": return civil.hour < 12 ? "AM" : "PM"
    case "B": return months[civil.month - 1]
    case "b": return String(months[civil.month - 1].prefix(3))
    case "A": return days[civil.weekday]
    case "a": return String(days[civil.weekday].prefix(3))
    case "Z": return "UTC"
    case "z": return "+0000"
    case "%": return "%"
    default: return "%\(directive)"
    }
  }
}
