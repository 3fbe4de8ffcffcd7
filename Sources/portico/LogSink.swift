import Dispatch
import Synchronization

/// Lines on their way to standard output: written by one queue in batches, bounded, drops counted.
final class LogSink: Sendable {
  private struct State {
    var pending: [UInt8] = []
    var scheduled = false
    var dropped = 0
  }

  /// Bytes that may wait for a slow reader of the log before lines are dropped and counted.
  private static let pendingBytes = 4 << 20

  private let state = Mutex(State())
  private let queue = DispatchQueue(label: "portico.log")
  private let descriptor: Int32

  init(descriptor: Int32 = 1) { self.descriptor = descriptor }

  /// Lines dropped since the start.
  var dropped: Int { state.withLock { $0.dropped } }

  /// Takes one line without its end.
  func write(_ line: String) {
    let schedule = state.withLock { state -> Bool in
      guard state.pending.count + line.utf8.count < Self.pendingBytes else {
        state.dropped += 1
        return false
      }
      state.pending.append(contentsOf: line.utf8)
      state.pending.append(0x0A)
      defer { state.scheduled = true }
      return !state.scheduled
    }
    if schedule { queue.async { self.flush() } }
  }

  /// Writes what waits; called once more at the end.
  func flush() {
    let bytes = state.withLock { state in
      state.scheduled = false
      let bytes = state.pending
      state.pending.removeAll(keepingCapacity: true)
      return bytes
    }
    if !bytes.isEmpty { Terminal.write(bytes, to: descriptor) }
  }
}
