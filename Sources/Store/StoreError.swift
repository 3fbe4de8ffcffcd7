/// Why the store did not do what it was asked.
package enum StoreError: Error, Sendable, Hashable {
  /// How one write of a refused transaction fared.
  package enum Reason: String, Sendable, Hashable {
    /// Nothing stood in its way.
    case passed
    /// Its condition did not hold.
    case conditionFailed
    /// Another writer held the item: worth another try.
    case conflict
  }

  /// At least one condition did not hold; one reason for each write, in their order.
  case conditionFailed(reasons: [Reason])
  /// A bound of `StoreLimits`, with the number that broke it.
  case limitExceeded(String)
  /// A request that no driver can carry out: an empty key, two writes of one item, a foreign
  /// cursor.
  case invalid(String)
  /// Another writer was faster; nothing happened and a second try may succeed.
  case conflict
  /// More requests wait than the store takes; nothing happened.
  case busy
  /// A capability list does not allow it.
  case notPermitted(String)
  /// What is stored is not what was written.
  case corrupt(String)
  /// The disk or the server failed; a write may or may not have happened.
  case unavailable(String)
  /// The store is closed.
  case closed

  /// Whether a single write, or exactly these writes, were refused by their condition.
  package var isConditionFailure: Bool {
    if case .conditionFailed = self { return true }
    return false
  }
}
