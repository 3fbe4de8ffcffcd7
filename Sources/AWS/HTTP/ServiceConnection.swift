import Diagnostics
import Synchronization
import Time

/// Signs, sends, retries with a budget, follows a bucket to its region once, heeds the server's
/// clock once, renews expired credentials once.
package final class ServiceConnection: Sendable {
  private struct State {
    var region: String
    var clockOffset: Duration = .zero
    var hasAnswered = false
    var budget = RetryBudget()
    var pacer = Pacer()
    var notes: [Diagnostic] = []
  }

  private let service: String
  private let credentials: CredentialCache
  private let transport: any HTTPTransport
  private let policy: RetryPolicy
  private let timeout: Duration
  private let clock: any TimeSource
  private let random: @Sendable () -> Double
  private let keys = SigningKeyCache()
  private let state: Mutex<State>

  /// - Parameters:
  ///   - timeout: for one try of a small request; the time for a body is added.
  ///   - random: from 0 up to, not including, 1.
  package init(
    service: String, region: String, credentials: CredentialCache, transport: any HTTPTransport,
    policy: RetryPolicy = RetryPolicy(), timeout: Duration = .seconds(30), clock: any TimeSource,
    random: @escaping @Sendable () -> Double = { Double.random(in: 0..<1) }
  ) {
    self.service = service
    self.credentials = credentials
    self.transport = transport
    self.policy = policy
    self.timeout = timeout
    self.clock = clock
    self.random = random
    state = Mutex(State(region: region))
  }

  /// What was noticed on the way and a person should know, such as another region.
  package var notes: [Diagnostic] { state.withLock { $0.notes } }

  /// Sends a request until it is answered, cannot be cured or has been tried often enough.
  ///
  /// - Parameters:
  ///   - bodyLimit: bytes of the answer's body.
  ///   - build: makes the request for a region, since a bucket's host depends on it.
  /// - Returns: an answer with a status of 2xx or 304.
  package func send(
    bodyLimit: Int = 1 << 20, _ build: (_ region: String) throws(AWSError) -> HTTPRequest
  ) async throws(AWSError) -> HTTPResponse {
    var cures = Cures()
    var retries = 0
    while true {
      let region = state.withLock { $0.region }
      let request = try build(region)
      let used = try await credentials.current()
      try await pace()
      let failure: AWSError
      do throws(AWSError) {
        let answer = try await once(
          request, region: region, credentials: used, bodyLimit: bodyLimit)
        state.withLock { state in
          state.budget.succeed(afterRetry: retries > 0)
          state.pacer.succeed()
        }
        return answer
      } catch {
        failure = error
      }
      if try await cure(failure, region: region, credentials: used, cures: &cures) { continue }
      retries += 1
      guard retries < policy.attempts, isRetryable(failure), spend(for: failure) else {
        throw failure
      }
      try await sleep(policy.delay(beforeRetry: retries, random: random()))
    }
  }

  /// Cures that are tried once in a request's life.
  private struct Cures {
    var region = false
    var clock = false
    var credentials = false
  }

  private func once(
    _ request: HTTPRequest, region: String, credentials: Credentials, bodyLimit: Int
  ) async throws(AWSError) -> HTTPResponse {
    let now = clock.now() + state.withLock { $0.clockOffset }
    let signed = SigV4(region: region, service: service).signHeader(
      request, credentials: credentials, at: now, keys: keys)
    // Half a mebibyte a second is slow for a deployer's line, so that much time is granted.
    let patience = timeout + .seconds(request.body.count >> 19)
    let answer: HTTPResponse
    do throws(TransportError) {
      answer = try await transport.send(signed.request, bodyLimit: bodyLimit, timeout: patience)
    } catch {
      throw .transport(error, host: request.host)
    }
    state.withLock { $0.hasAnswered = true }
    if (200..<300).contains(answer.status) || answer.status == 304 { return answer }
    throw .service(
      ServiceError(
        status: answer.status, headers: answer.headers, body: answer.body))
  }

  // MARK: Cures

  private func cure(
    _ failure: AWSError, region: String, credentials used: Credentials, cures: inout Cures
  ) async throws(AWSError) -> Bool {
    guard case .service(let error) = failure else { return false }
    switch error.cure {
    case .region(let right) where !cures.region && right != region && Self.isRegion(right):
      cures.region = true
      move(to: right)
      return true
    case .clock where !cures.clock:
      guard let date = error.date, let server = Self.timestamp(httpDate: date) else { return false }
      cures.clock = true
      let offset = server - clock.now()
      state.withLock { $0.clockOffset = offset }
      return true
    case .credentials where !cures.credentials:
      cures.credentials = true
      await credentials.invalidate(used)
      return true
    default: return false
    }
  }

  private func move(to right: String) {
    state.withLock { state in
      guard state.region != right else { return }
      state.notes.append(
        Diagnostic(
          .endpointInvalid, "the bucket is in \(right), not in \(state.region)",
          remedy: "set sync.region to \(right) to save a request", severity: .note))
      state.region = right
    }
  }

  /// The region goes into a host name, so what an answer says is held against the form of one.
  private static func isRegion(_ text: String) -> Bool {
    (1...32).contains(text.utf8.count)
      && text.utf8.allSatisfy { byte in
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
          || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || byte == UInt8(ascii: "-")
      }
  }

  /// Reads `Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110 §5.6.7).
  static func timestamp(httpDate text: String) -> Timestamp? {
    let words = text.split { $0 == " " || $0 == ":" }
    let months = [
      "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]
    guard words.count == 8, let day = Int(words[1]),
      let month = months.firstIndex(of: String(words[2])), let year = Int(words[3]),
      let hour = Int(words[4]), let minute = Int(words[5]), let second = Int(words[6])
    else { return nil }
    let civil = CivilTime(
      year: year, month: month + 1, day: day, hour: hour, minute: minute, second: second)
    return civil.isValid ? civil.timestamp : nil
  }

  // MARK: Retries

  private func isRetryable(_ failure: AWSError) -> Bool {
    switch failure {
    case .configuration, .malformed: return false
    case .service(let error):
      guard case .retry(let slower) = error.cure else { return false }
      if slower { state.withLock { $0.pacer.slowDown() } }
      return true
    case .transport(let error, _):
      switch error {
      case .timedOut, .lost: return true
      // Before the first answer an unreachable host is most likely a wrong address: say so at once.
      case .unreachable: return state.withLock { $0.hasAnswered }
      case .tooLong, .cancelled: return false
      }
    }
  }

  private func spend(for failure: AWSError) -> Bool {
    let timedOut: Bool
    if case .transport(.timedOut, _) = failure { timedOut = true } else { timedOut = false }
    return state.withLock { $0.budget.spend(timedOut: timedOut) }
  }

  private func pace() async throws(AWSError) {
    let now = clock.monotonic()
    let wait = state.withLock { $0.pacer.reserve(at: now) }
    if wait > .zero { try await sleep(wait) }
  }

  private func sleep(_ duration: Duration) async throws(AWSError) {
    do {
      try await clock.sleep(for: duration)
    } catch {
      throw .transport(.cancelled, host: service)
    }
  }
}
