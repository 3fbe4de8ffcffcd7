import NIOCore
import Synchronization

/// Open connections in all and by address, for the bounds and for the drain.
final class ConnectionRegistry: Sendable {
  private struct State {
    var channels: [ObjectIdentifier: any Channel] = [:]
    var byAddress: [String: Int] = [:]
    var accepted = 0
    var refused = 0
  }

  private let state = Mutex(State())
  private let limits: ConnectionLimits
  private let bodyBytes = Atomic(0)

  init(limits: ConnectionLimits) { self.limits = limits }

  /// Takes a connection in, or says no when a bound is reached.
  func admit(_ channel: any Channel, from address: String) -> Bool {
    let admitted = state.withLock { state in
      guard state.channels.count < limits.connections,
        state.byAddress[address, default: 0] < limits.connectionsPerAddress
      else {
        state.refused += 1
        return false
      }
      state.accepted += 1
      state.channels[ObjectIdentifier(channel)] = channel
      state.byAddress[address, default: 0] += 1
      return true
    }
    if admitted {
      channel.closeFuture.whenComplete { _ in self.remove(channel, from: address) }
    }
    return admitted
  }

  private func remove(_ channel: any Channel, from address: String) {
    state.withLock { state in
      state.channels[ObjectIdentifier(channel)] = nil
      let left = state.byAddress[address, default: 1] - 1
      state.byAddress[address] = left == 0 ? nil : left
    }
  }

  /// Open connections now.
  var open: Int { state.withLock { $0.channels.count } }

  /// Connections taken and refused since the start.
  var totals: (accepted: Int, refused: Int) { state.withLock { ($0.accepted, $0.refused) } }

  /// Takes room for a part of a body that is collected; false when all bodies together have no more.
  func takeBodyBytes(_ count: Int) -> Bool {
    let held = bodyBytes.add(count, ordering: .relaxed).newValue
    if held <= limits.bodiesBytes { return true }
    giveBodyBytes(count)
    return false
  }

  /// Gives the room back.
  func giveBodyBytes(_ count: Int) { bodyBytes.subtract(count, ordering: .relaxed) }

  /// Tells every connection to end after its exchange.
  func drain() {
    for channel in state.withLock({ Array($0.channels.values) }) {
      channel.pipeline.fireUserInboundEventTriggered(DrainConnection())
    }
  }

  /// Ends what is left.
  func closeAll() {
    for channel in state.withLock({ Array($0.channels.values) }) { channel.close(promise: nil) }
  }
}
