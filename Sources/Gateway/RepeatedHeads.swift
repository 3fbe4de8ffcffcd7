import HTTPExchange
import JSON
import Synchronization
import Time

/// What the head of a request decided by itself: kept for clients that send the same head again.
///
/// Only what depends on nothing but the head and the plan is kept: the route, where the token is and
/// the cache's key. Buckets, signature, expiry, revocation and freshness are asked every time.
final class RepeatedHeads: Sendable {
  /// One head with what it decided.
  final class Known: Sendable {
    let fingerprint: UInt64
    let head: [UInt8]
    let keptAt: MonotonicInstant
    /// As it was before the first stage.
    let exchange: APIExchange
    let recalled: RecalledHead

    init(
      fingerprint: UInt64, head: [UInt8], keptAt: MonotonicInstant, exchange: APIExchange,
      recalled: RecalledHead
    ) {
      self.fingerprint = fingerprint
      self.head = head
      self.keptAt = keptAt
      self.exchange = exchange
      self.recalled = recalled
    }
  }

  /// A head lies in the one place that its fingerprint names, so that look-up and bound are simple.
  private struct Slot {
    var known: Known?
    /// The last head that came here: what comes once only is not worth keeping.
    var seen: UInt64 = 0

    /// What lies here, unless it has become too old: then it is dropped.
    mutating func fresh(at now: MonotonicInstant) -> Known? {
      if let known, now - known.keptAt >= RepeatedHeads.lifetime { self.known = nil }
      return known
    }
  }

  private static let count = 256
  /// Longer heads are judged anew each time.
  static let headBytesMost = 4_096
  /// How long one is kept, used or not: it may hold a token, which memory need not outlive.
  static let lifetime: Duration = .seconds(60)
  /// How often those beyond it are dropped that nobody sends any more.
  static let sweepInterval: Duration = .seconds(15)

  // Unknown outside, so that nobody can choose heads that share a place.
  private let seed = UInt64.random(in: 0 ... .max)
  private let slots = Mutex([Slot](repeating: Slot(), count: RepeatedHeads.count))

  /// A short name of a head.
  func fingerprint(of head: [UInt8]) -> UInt64 {
    head.withUnsafeBytes { bytes in
      var state = seed ^ UInt64(truncatingIfNeeded: bytes.count)
      var at = 0
      while at + 8 <= bytes.count {
        let word = bytes.loadUnaligned(fromByteOffset: at, as: UInt64.self)
        state = (state ^ word) &* 0x9E37_79B9_7F4A_7C15
        state ^= state >> 29
        at += 8
      }
      while at < bytes.count {
        state = (state ^ UInt64(bytes[at])) &* 0x9E37_79B9_7F4A_7C15
        at += 1
      }
      return state ^ (state >> 32)
    }
  }

  /// What this very head decided before; scheme and address may come from whoever passes it on.
  func find(_ head: [UInt8], _ fingerprint: UInt64, _ request: Request, _ context: RequestContext)
    -> Known?
  {
    let known = slots.withLock { $0[Self.place(fingerprint)].fresh(at: context.startedAt) }
    guard let known, known.fingerprint == fingerprint, known.head == head,
      known.exchange.request.scheme == request.scheme,
      known.exchange.context.sourceAddress == context.sourceAddress
    else { return nil }
    return known
  }

  /// Whether a head came twice in a row at its place, so that it is worth keeping.
  func returns(_ fingerprint: UInt64) -> Bool {
    slots.withLock { slots in
      let place = Self.place(fingerprint)
      defer { slots[place].seen = fingerprint }
      return slots[place].seen == fingerprint
    }
  }

  func keep(_ known: Known) {
    slots.withLock { $0[Self.place(known.fingerprint)].known = known }
  }

  /// Drops what has become too old: one look at each of the 256 places.
  func sweep(at now: MonotonicInstant) {
    slots.withLock { slots in
      for place in slots.indices { _ = slots[place].fresh(at: now) }
    }
  }

  /// Heads that are kept.
  var kept: Int { slots.withLock { $0.count { $0.known != nil } } }

  private static func place(_ fingerprint: UInt64) -> Int { Int(fingerprint % UInt64(count)) }
}

/// What stages find in a head that came before.
struct RecalledHead: Sendable {
  /// The token where the route wants one.
  let bearer: String?
  /// Who it was: the cache's key may hold it.
  let identity: Identity?
  let inquiry: CacheInquiry

  /// Whether the inquiry is this caller's too. One token is one identity; that is not relied on.
  func isOf(_ identity: Identity?) -> Bool {
    guard let identity, let mine = self.identity else {
      return identity == nil && self.identity == nil
    }
    return identity.subject == mine.subject && identity.username == mine.username
      && identity.scopes == mine.scopes
      && identity.claims["iss"]?.string == mine.claims["iss"]?.string
  }
}

extension Gateway {
  /// Fields that make another answer of a stored one; heads with them are judged anew each time.
  private static let selecting = [
    "if-match", "if-none-match", "if-modified-since", "if-unmodified-since", "if-range", "range",
  ]

  /// The exchange of a head that was answered from the cache before.
  func recall(_ request: Request, _ context: RequestContext) -> APIExchange? {
    guard let head = request.headers.received?.bytes, head.count <= RepeatedHeads.headBytesMost,
      let known = repeated.find(head, repeated.fingerprint(of: head), request, context)
    else { return nil }
    var exchange = known.exchange
    var own = context
    own.routeKey = exchange.context.routeKey
    own.stage = exchange.context.stage
    own.pathParameters = exchange.context.pathParameters
    exchange.context = own
    exchange.recalled = known.recalled
    return exchange
  }

  /// Drops remembered heads that nobody sends any more, until the task is cancelled.
  package func sweepHeads(clock: any TimeSource) async {
    while (try? await clock.sleep(for: RepeatedHeads.sweepInterval)) != nil {
      repeated.sweep(at: clock.monotonic())
    }
  }

  /// Keeps what a head decided when it was answered from the cache and has come again.
  func remember(
    _ request: Request, _ fresh: APIExchange, _ judged: APIExchange, _ decision: Decision
  ) {
    guard case .answer(let response) = decision, response.notes.cache == "hit",
      response.status == 200, request.method == "GET", request.scheme == "http",
      judged.apiKey == nil, let route = judged.route,
      let head = request.headers.received?.bytes, head.count <= RepeatedHeads.headBytesMost,
      !Self.selecting.contains(where: request.headers.contains)
    else { return }
    let fingerprint = repeated.fingerprint(of: head)
    guard repeated.returns(fingerprint),
      let inquiry = route.cache?.inquiry(judged.request, judged.context)
    else { return }
    let bearer = route.authorizer.flatMap { BearerToken.extract(judged.request, from: $0.source) }
    repeated.keep(
      RepeatedHeads.Known(
        fingerprint: fingerprint, head: head, keptAt: judged.context.startedAt, exchange: fresh,
        recalled: RecalledHead(
          bearer: bearer, identity: judged.context.identity, inquiry: inquiry)))
  }
}
