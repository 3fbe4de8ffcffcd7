import JSON

/// Reads the keywords of one schema object (draft 2020-12); unknown ones are refused.
struct KeywordReader {
  private let compiler: SchemaCompiler
  private let object: JSONObject
  private let pointer: String
  private var found: [SchemaAssertion] = []
  /// Schemas that are applied to the same value.
  private(set) var sameValue: [Int] = []

  private static let dialect = "https://json-schema.org/draft/2020-12/schema"
  /// Core §8.3 and validation §9: they say nothing about validity.
  private static let annotations: Set<String> = [
    "title", "description", "default", "examples", "example", "deprecated", "readOnly",
    "writeOnly", "$comment",
  ]
  /// Read together with the keyword that they depend on.
  private static let companions: Set<String> = [
    "then", "else", "minContains", "maxContains", "items", "patternProperties",
    "additionalProperties",
  ]

  init(compiler: SchemaCompiler, object: JSONObject, pointer: String) {
    self.compiler = compiler
    self.object = object
    self.pointer = pointer
  }

  mutating func assertions() -> [SchemaAssertion] {
    for (name, value) in object {
      if Self.annotations.contains(name) || Self.companions.contains(name) { continue }
      if readIdentity(name, value) || readGeneral(name, value) || readNumber(name, value)
        || readString(name, value) || readArray(name, value) || readObject(name, value)
        || readApplicator(name, value)
      {
        continue
      }
      compiler.refuse(
        "has the keyword '\(name)', which is not honoured", pointer,
        remedy: "remove it: nothing is skipped silently")
    }
    readItems()
    readProperties()
    readContains()
    readCondition()
    return found
  }

  // MARK: Operands

  private func at(_ keyword: String) -> String { SchemaCompiler.step(pointer, keyword) }

  private func refuse(_ keyword: String, _ expected: String) {
    compiler.refuse("has a '\(keyword)' that is not \(expected)", pointer)
  }

  private func schema(_ keyword: String) -> Int? {
    object[keyword].map { compiler.enqueue($0, at(keyword)) }
  }

  private func schemas(_ keyword: String, _ value: JSON) -> [Int] {
    guard let elements = value.array, !elements.isEmpty else {
      refuse(keyword, "a list of schemas")
      return []
    }
    return elements.enumerated().map {
      compiler.enqueue($1, SchemaCompiler.step(at(keyword), String($0)))
    }
  }

  private func schemaTable(_ keyword: String, _ value: JSON) -> [(String, Int)] {
    guard let members = value.object else {
      refuse(keyword, "an object of schemas")
      return []
    }
    return members.map {
      ($0.name, compiler.enqueue($0.value, SchemaCompiler.step(at(keyword), $0.name)))
    }
  }

  private func count(_ keyword: String, _ value: JSON) -> Int {
    if let count = value.int, count >= 0 { return count }
    refuse(keyword, "a whole number from 0")
    return 0
  }

  private func texts(_ keyword: String, _ value: JSON) -> [String] {
    let texts = value.array?.compactMap(\.string) ?? []
    if texts.count != value.array?.count || Set(texts).count != texts.count {
      refuse(keyword, "a list of different texts")
    }
    return texts
  }

  private func pattern(_ text: String) -> SafePattern? {
    do throws(PatternRefusal) {
      return try SafePattern(text)
    } catch {
      compiler.refuse(
        "has the pattern '\(text)' that \(error.reason)", pointer,
        remedy: "write it without look-around, back-references or large repetitions")
      return nil
    }
  }

  // MARK: Keywords

  private mutating func readIdentity(_ name: String, _ value: JSON) -> Bool {
    switch name {
    case "$schema":
      if value.string != Self.dialect { refuse(name, "'\(Self.dialect)'") }
    case "$defs": _ = schemaTable(name, value)
    case "$ref":
      guard let reference = value.string else {
        refuse(name, "a text")
        return true
      }
      if let target = compiler.resolve(reference, from: pointer) {
        sameValue.append(target)
        found.append(.reference(target))
      }
    default: return false
    }
    return true
  }

  private mutating func readGeneral(_ name: String, _ value: JSON) -> Bool {
    switch name {
    case "type":
      let names = value.string.map { [$0] } ?? texts(name, value)
      var types: ValueTypes = []
      for text in names {
        guard let type = ValueTypes.names.first(where: { $0.0 == text })?.1 else {
          compiler.refuse("names the type '\(text)', which does not exist", pointer)
          continue
        }
        types.insert(type)
      }
      found.append(.types(types))
    case "enum":
      guard let elements = value.array else {
        refuse(name, "a list")
        return true
      }
      found.append(.enumeration(Set(elements.map(CanonicalValue.init))))
    case "const": found.append(.constant(CanonicalValue(value)))
    default: return false
    }
    return true
  }

  private mutating func readNumber(_ name: String, _ value: JSON) -> Bool {
    let make: (JSONNumber) -> NumberAssertion?
    switch name {
    case "multipleOf": make = { DecimalDivisor($0).map { .multipleOf($0) } }
    case "maximum": make = { .maximum($0) }
    case "exclusiveMaximum": make = { .exclusiveMaximum($0) }
    case "minimum": make = { .minimum($0) }
    case "exclusiveMinimum": make = { .exclusiveMinimum($0) }
    default: return false
    }
    if let assertion = value.number.flatMap(make) {
      found.append(.number(assertion))
    } else {
      refuse(name, name == "multipleOf" ? "a number above 0 of at most 18 digits" : "a number")
    }
    return true
  }

  private mutating func readString(_ name: String, _ value: JSON) -> Bool {
    switch name {
    case "maxLength": found.append(.string(.maximumLength(count(name, value))))
    case "minLength": found.append(.string(.minimumLength(count(name, value))))
    case "pattern":
      guard let text = value.string else {
        refuse(name, "a text")
        return true
      }
      if let pattern = pattern(text) { found.append(.string(.pattern(pattern, text: text))) }
    case "format":
      guard let format = ValueFormat(rawValue: value.string ?? "") else {
        compiler.refuse(
          "has the format '\(value.string ?? "")', which is not honoured", pointer,
          remedy: "write one of \(ValueFormat.allCases.map(\.rawValue).joined(separator: ", "))")
        return true
      }
      found.append(.string(.format(format)))
    default: return false
    }
    return true
  }

  private mutating func readArray(_ name: String, _ value: JSON) -> Bool {
    switch name {
    case "maxItems": found.append(.array(.maximumItems(count(name, value))))
    case "minItems": found.append(.array(.minimumItems(count(name, value))))
    case "uniqueItems":
      if value == true { found.append(.array(.uniqueItems)) }
      if value.bool == nil { refuse(name, "a truth value") }
    case "prefixItems", "contains": break
    default: return false
    }
    return true
  }

  private mutating func readObject(_ name: String, _ value: JSON) -> Bool {
    switch name {
    case "maxProperties": found.append(.object(.maximumProperties(count(name, value))))
    case "minProperties": found.append(.object(.minimumProperties(count(name, value))))
    case "required": found.append(.object(.required(texts(name, value))))
    case "dependentRequired":
      if value.object == nil { refuse(name, "an object of lists") }
      let table = (value.object?.members ?? []).map { ($0.name, texts(name, $0.value)) }
      found.append(.object(.dependentRequired(table)))
    case "dependentSchemas":
      let table = schemaTable(name, value)
      sameValue += table.map(\.1)
      found.append(.object(.dependentSchemas(table)))
    case "propertyNames":
      if let schema = schema(name) { found.append(.object(.propertyNames(schema))) }
    case "properties": break
    default: return false
    }
    return true
  }

  private mutating func readApplicator(_ name: String, _ value: JSON) -> Bool {
    switch name {
    case "allOf", "anyOf", "oneOf":
      let branches = schemas(name, value)
      sameValue += branches
      switch name {
      case "allOf": found.append(.allOf(branches))
      case "anyOf": found.append(.anyOf(branches))
      default: found.append(.oneOf(branches))
      }
    case "not":
      if let schema = schema(name) {
        sameValue.append(schema)
        found.append(.not(schema))
      }
    case "if": break
    default: return false
    }
    return true
  }

  // MARK: Keywords that are read together

  private mutating func readItems() {
    let prefix = object["prefixItems"].map { schemas("prefixItems", $0) } ?? []
    let rest = schema("items")
    if !prefix.isEmpty || rest != nil { found.append(.array(.items(prefix: prefix, rest: rest))) }
  }

  private mutating func readContains() {
    // Without 'contains' the two counts say nothing (validation §6.4.4, §6.4.5).
    let minimum = object["minContains"].map { count("minContains", $0) } ?? 1
    let maximum = object["maxContains"].map { count("maxContains", $0) }
    guard let schema = schema("contains") else { return }
    found.append(.array(.contains(schema, minimum: minimum, maximum: maximum)))
  }

  private mutating func readProperties() {
    let named = object["properties"].map { schemaTable("properties", $0) } ?? []
    let table = object["patternProperties"].map { schemaTable("patternProperties", $0) } ?? []
    let patterns = table.compactMap { text, schema in pattern(text).map { ($0, schema) } }
    let additional = schema("additionalProperties")
    if named.isEmpty, patterns.isEmpty, additional == nil { return }
    found.append(
      .object(
        .properties(
          named: Dictionary(named, uniquingKeysWith: { first, _ in first }), patterns: patterns,
          additional: additional)))
  }

  private mutating func readCondition() {
    // Without 'if' the branches say nothing (core §10.2.2).
    let then = schema("then")
    let otherwise = schema("else")
    guard let condition = schema("if") else { return }
    sameValue += [condition] + [then, otherwise].compactMap { $0 }
    found.append(.condition(if: condition, then: then, else: otherwise))
  }
}
