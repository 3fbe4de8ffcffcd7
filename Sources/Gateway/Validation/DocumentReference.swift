import JSON

/// Follows the local references of an API document to the object that is meant.
struct DocumentReference {
  let document: JSON
  private static let maximumHops = 16

  /// The object behind `$ref`, or the value itself; nil when nothing is there.
  func follow(_ value: JSON, pointer: String) -> (value: JSON, pointer: String)? {
    var current = (value: value, pointer: pointer)
    for _ in 0..<Self.maximumHops {
      guard let reference = current.value["$ref"]?.string else { return current }
      guard reference.hasPrefix("#/"), let target = self.value(at: String(reference.dropFirst()))
      else {
        return nil
      }
      current = (target, String(reference.dropFirst()))
    }
    return nil
  }

  /// The value at a JSON Pointer.
  func value(at pointer: String) -> JSON? {
    var current = document
    for part in pointer.split(separator: "/", omittingEmptySubsequences: false).dropFirst() {
      let token = String(part).replacing("~1", with: "/").replacing("~0", with: "~")
      let next = current.array != nil ? Int(token).flatMap { current[$0] } : current[token]
      guard let next else { return nil }
      current = next
    }
    return current
  }
}
