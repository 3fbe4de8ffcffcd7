#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Open files that the process may have; every connection is one of them.
struct DescriptorLimit: Equatable {
  /// What is asked of the system.
  var soft: Int
  /// How many connections that leaves room for.
  var connections: Int

  /// For everything that is no connection: store, upstreams, logs, event loops.
  static let reserve = 128

  /// What to ask for, and what can be served with it. Without room an accept fails again and again;
  /// a bound that fits answers 503 instead.
  init(soft: Int, hard: Int, wanted: Int) {
    self.soft = max(soft, min(min(wanted, Int.max - Self.reserve) + Self.reserve, hard))
    connections = min(wanted, max(1, self.soft - Self.reserve))
  }

  /// Raises the process's soft limit as far as the connections need and the hard limit allows.
  static func makeRoom(for wanted: Int) -> Int {
    var limit = rlimit()
    guard getrlimit(resource, &limit) == 0 else { return wanted }
    let soft = Int(clamping: limit.rlim_cur)
    let fit = DescriptorLimit(soft: soft, hard: Int(clamping: limit.rlim_max), wanted: wanted)
    if fit.soft > soft {
      limit.rlim_cur = rlim_t(fit.soft)
      // A system that refuses keeps its limit, and the bound must fit that one.
      guard setrlimit(resource, &limit) == 0 else {
        return DescriptorLimit(soft: soft, hard: soft, wanted: wanted).connections
      }
    }
    return fit.connections
  }

  #if canImport(Glibc)
    private static let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
  #else
    private static let resource = RLIMIT_NOFILE
  #endif
}
