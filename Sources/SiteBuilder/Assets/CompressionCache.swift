import Synchronization

/// The variants of one coder by the digest of their raw bytes, kept between builds.
final class CompressionCache: Sendable {
  private struct State {
    /// An empty value says that compressing does not help.
    var known: [String: [UInt8]] = [:]
    var used: Set<String> = []
    var hasNew = false
  }

  let coder: ContentCoder
  private let state = Mutex(State())

  init(_ coder: ContentCoder, _ known: [String: [UInt8]] = [:]) {
    self.coder = coder
    state.withLock { $0.known = known }
  }

  /// The variant of some bytes, from memory or made now.
  func variant(of bytes: [UInt8], sha256: String) -> [UInt8]? {
    let known = state.withLock { state -> [UInt8]? in
      state.used.insert(sha256)
      return state.known[sha256]
    }
    if let known { return known.isEmpty ? nil : known }
    let made = coder.variant(of: bytes)
    state.withLock { state in
      state.known[sha256] = made ?? []
      state.hasNew = true
    }
    return made
  }

  /// What this build used, when it differs from what was read; then forgets the rest.
  func takeChanges() -> [(sha256: String, bytes: [UInt8])]? {
    state.withLock { state in
      let isSame = !state.hasNew && state.used.count == state.known.count
      let kept = state.known.filter { state.used.contains($0.key) }
      state.known = kept
      state.used = []
      state.hasNew = false
      if isSame { return nil }
      return kept.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }
  }
}
