import JSON

// Arrays and objects: JSON Schema §6.4, §6.5 and core §10.3.

extension SchemaValidator {
  mutating func holds(_ assertion: ArrayAssertion, _ elements: [JSON]) -> Bool {
    switch assertion {
    case .maximumItems(let bound):
      return elements.count <= bound || fail("maxItems", "has more than \(bound) items")
    case .minimumItems(let bound):
      return elements.count >= bound || fail("minItems", "has fewer than \(bound) items")
    case .uniqueItems: return areUnique(elements) || fail("uniqueItems", "has an item twice")
    case .items(let prefix, let rest):
      var valid = true
      for (index, element) in elements.enumerated() {
        guard let schema = index < prefix.count ? prefix[index] : rest else { break }
        if !check(schema, element, at: String(index)) { valid = false }
        if !valid, isSettled { return false }
      }
      return valid
    case .contains(let schema, let minimum, let maximum):
      var matching = 0
      for element in elements where quietly(schema, element) { matching += 1 }
      if matching < minimum {
        return fail(
          minimum == 1 ? "contains" : "minContains",
          "has \(matching) of at least \(minimum) items that it needs")
      }
      guard let maximum, matching > maximum else { return true }
      return fail("maxContains", "has more than \(maximum) items of one form")
    }
  }

  private mutating func areUnique(_ elements: [JSON]) -> Bool {
    var seen: Set<CanonicalValue> = []
    for element in elements {
      let inserted = seen.insert(canonical(element)).inserted
      if !inserted || budget < 0 { return false }
    }
    return true
  }

  mutating func holds(_ assertion: ObjectAssertion, _ object: JSONObject, _ value: JSON) -> Bool {
    switch assertion {
    case .maximumProperties(let bound):
      return object.count <= bound || fail("maxProperties", "has more than \(bound) members")
    case .minimumProperties(let bound):
      return object.count >= bound || fail("minProperties", "has fewer than \(bound) members")
    case .required(let names):
      return hasAll(names, object) { "required member '\($0)' is missing" }
    case .dependentRequired(let table):
      var valid = true
      for (name, needs) in table where object[name] != nil {
        let all = hasAll(needs, object, keyword: "dependentRequired") {
          "member '\($0)' is missing beside '\(name)'"
        }
        if !all { valid = false }
      }
      return valid
    case .dependentSchemas(let table):
      var valid = true
      for (name, schema) in table where object[name] != nil {
        if !check(schema, value) { valid = false }
      }
      return valid
    case .propertyNames(let schema):
      for name in object.names where !quietly(schema, .string(name)) {
        return fail("propertyNames", "has a member whose name is not allowed")
      }
      return true
    case .properties(let named, let patterns, let additional):
      return checkMembers(object, named, patterns, additional)
    }
  }

  private mutating func hasAll(
    _ names: [String], _ object: JSONObject, keyword: String = "required",
    _ message: (String) -> String
  ) -> Bool {
    var valid = true
    guard spend(names.count) else { return false }
    for name in names where object[name] == nil { valid = fail(keyword, message(name)) }
    return valid
  }

  private mutating func checkMembers(
    _ object: JSONObject, _ named: [String: Int], _ patterns: [(SafePattern, Int)],
    _ additional: Int?
  ) -> Bool {
    var valid = true
    for (name, value) in object {
      guard spend(1) else { return false }
      var isKnown = false
      if let schema = named[name] {
        isKnown = true
        if !check(schema, value, at: name) { valid = false }
      }
      for (pattern, schema) in patterns where matches(pattern, name) {
        isKnown = true
        if !check(schema, value, at: name) { valid = false }
      }
      if !isKnown, let additional, !check(additional, value, at: name) { valid = false }
      if !valid, isSettled { return false }
    }
    return valid
  }
}
