import Synchronization
import Time

/// Keys from the settings and counters in memory: a restart begins each quota anew.
package final class LocalUsageLedger: UsageLedger {
  private struct Counter {
    var window: String
    var used: Int
  }

  private struct Account: Hashable {
    var key: String
    var plan: String
  }

  private let keys: [String: APIKeyRecord]
  private let counters = Mutex<[Account: Counter]>([:])

  /// Counters are bounded by the number of keys.
  package init(keys: [APIKeyRecord] = []) {
    self.keys = Dictionary(keys.map { ($0.sha256, $0) }, uniquingKeysWith: { first, _ in first })
  }

  package func key(sha256: String) -> APIKeyRecord? { keys[sha256] }

  package func count(key: String, plan: UsagePlan, now: Timestamp) -> QuotaVerdict {
    guard let quota = plan.quota else { return .counted(Usage(used: 0, remaining: .max)) }
    let window = plan.window(at: now)
    return counters.withLock { counters in
      let account = Account(key: key, plan: plan.name)
      var counter = counters[account] ?? Counter(window: window, used: plan.offset)
      if counter.window != window { counter = Counter(window: window, used: 0) }
      guard counter.used < quota else {
        counters[account] = counter
        return .exhausted
      }
      counter.used += 1
      counters[account] = counter
      return .counted(Usage(used: counter.used, remaining: quota - counter.used))
    }
  }

  package func usage(key: String, plan: UsagePlan, now: Timestamp) -> Usage {
    let window = plan.window(at: now)
    let used = counters.withLock { counters -> Int in
      guard let counter = counters[Account(key: key, plan: plan.name)] else { return plan.offset }
      return counter.window == window ? counter.used : 0
    }
    return Usage(used: used, remaining: plan.quota.map { max(0, $0 - used) } ?? Int.max)
  }
}
