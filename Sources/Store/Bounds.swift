/// A range of sort keys as two ends, by their bytes.
struct SortKeyBounds: Sendable, Hashable {
  struct End: Sendable, Hashable {
    var text: String
    var isIncluded: Bool
  }

  var lower: End?
  var upper: End?
}

extension Query {
  /// Refuses what no driver can answer.
  func validate() throws(StoreError) {
    guard (1...StoreLimits.pageItemsMost).contains(limit) else {
      throw .limitExceeded("a page of \(limit) items, of 1 … \(StoreLimits.pageItemsMost)")
    }
    if pk.isEmpty { throw .invalid("an empty partition key") }
    try validateKeyText(pk, most: StoreLimits.partitionKeyBytes, name: "partition key")
    for text in range.texts {
      try validateKeyText(text, most: StoreLimits.sortKeyBytes, name: "sort key")
    }
  }
}

extension Query.Range {
  var texts: [String] {
    switch self {
    case .all: []
    case .equals(let text), .beginsWith(let text), .greaterThan(let text), .atLeast(let text),
      .lessThan(let text), .atMost(let text):
      [text]
    case .between(let low, let high): [low, high]
    }
  }

  /// The two ends of the range; a prefix ends before its successor.
  var bounds: SortKeyBounds {
    switch self {
    case .all: SortKeyBounds()
    case .equals(let text):
      SortKeyBounds(
        lower: .init(text: text, isIncluded: true), upper: .init(text: text, isIncluded: true))
    case .beginsWith(let text):
      SortKeyBounds(
        lower: .init(text: text, isIncluded: true),
        upper: successor(ofPrefix: text).map { .init(text: $0, isIncluded: false) })
    case .between(let low, let high):
      SortKeyBounds(
        lower: .init(text: low, isIncluded: true), upper: .init(text: high, isIncluded: true))
    case .greaterThan(let text): SortKeyBounds(lower: .init(text: text, isIncluded: false))
    case .atLeast(let text): SortKeyBounds(lower: .init(text: text, isIncluded: true))
    case .lessThan(let text): SortKeyBounds(upper: .init(text: text, isIncluded: false))
    case .atMost(let text): SortKeyBounds(upper: .init(text: text, isIncluded: true))
    }
  }
}

/// The least text above every text with that prefix, or nil when there is none.
///
/// UTF-8 keeps the order of the code points, so the last one that can grow is made to.
func successor(ofPrefix prefix: String) -> String? {
  var scalars = Array(prefix.unicodeScalars)
  while let last = scalars.popLast() {
    // Between U+D7FF and U+E000 stand the surrogates, which no text holds.
    let next = last.value == 0xD7FF ? 0xE000 : last.value + 1
    if let scalar = Unicode.Scalar(next) {
      var text = String.UnicodeScalarView()
      text.append(contentsOf: scalars)
      text.append(scalar)
      return String(text)
    }
  }
  return nil
}
