import Dispatch
import Synchronization

/// Work spread over the cores, with results in the order of the input.
enum Parallel {
  /// Transforms every element; small inputs stay on the calling thread.
  static func map<Element: Sendable, Result: Sendable>(
    _ elements: [Element], _ transform: @Sendable (Element) -> Result
  ) -> [Result] {
    let chunk = max(4, min(64, elements.count / 16))
    guard elements.count > chunk else { return elements.map(transform) }
    let chunks = (elements.count + chunk - 1) / chunk
    let results = Mutex([[Result]](repeating: [], count: chunks))
    DispatchQueue.concurrentPerform(iterations: chunks) { index in
      let range = index * chunk..<min(elements.count, (index + 1) * chunk)
      let made = elements[range].map(transform)
      results.withLock { $0[index] = made }
    }
    return results.withLock { results in results.flatMap { $0 } }
  }
}
