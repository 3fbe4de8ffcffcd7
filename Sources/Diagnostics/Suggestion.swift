/// The nearest of some known words to a misspelt one, for "did you mean".
package enum Suggestion {
  /// The candidate within two edits (one for short words), or nil.
  package static func nearest(to word: String, among candidates: some Sequence<String>) -> String? {
    let allowed = word.count <= 4 ? 1 : 2
    return candidates.map { ($0, distance(word, $0)) }
      .filter { $0.1 <= allowed }
      .min { ($0.1, $0.0) < ($1.1, $1.0) }?.0
  }

  /// Optimal string alignment distance over bytes; words are short and few.
  static func distance(_ left: String, _ right: String) -> Int {
    let a = Array(left.lowercased().utf8.prefix(64))
    let b = Array(right.lowercased().utf8.prefix(64))
    var older: [Int] = []
    var previous = Array(0...b.count)
    for i in a.indices {
      var current = [i + 1]
      for j in b.indices {
        var best = min(
          previous[j + 1] + 1, current[j] + 1, previous[j] + (a[i] == b[j] ? 0 : 1))
        if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] { best = min(best, older[j - 1] + 1) }
        current.append(best)
      }
      older = previous
      previous = current
    }
    return previous[b.count]
  }
}
