/// Where a row's behaviour is known from (spec/gateway.md, labels).
enum Evidence: String, Sendable {
  /// AWS's documents state it.
  case documented
  /// A third party measured it against the live service.
  case measured
  /// Widely known, not confirmed: a capture from a live account may change it.
  case unconfirmed
  /// Ours, where AWS has nothing.
  case ours
}

/// One request with what must come back.
struct ConformanceCase: Sendable, CustomStringConvertible {
  /// The table of spec/gateway.md and the row in it.
  var row: String
  var evidence: Evidence
  var strict = true
  /// The document and settings it runs against.
  var setup = ConformanceSetup.standard
  /// How often the request is sent; the last answer counts.
  var times = 1
  var method = "GET"
  var target: String
  var host = "localhost:8080"
  var headers: [(String, String)] = []
  var body = ""
  var status: Int
  /// The whole body, when it must be exactly this.
  var bodyIs: String?
  /// Parts the body must have.
  var bodyHas: [String] = []
  /// Fields that must be there with exactly this value.
  var fields: [String: String] = [:]
  /// Fields that must be missing.
  var absent: [String] = []
  /// `$context.error.responseType` of the access log.
  var type: String?

  var description: String { "\(row) [\(evidence.rawValue)] \(method) \(target)" }
}

/// What a sender gives back: in-process or through a socket.
struct ConformanceAnswer: Sendable {
  var status: Int
  var headers: [(String, String)]
  var body: String
  /// `$context.error.responseType`, where the sender knows it.
  var type: String?

  func values(_ name: String) -> [String] {
    headers.filter { $0.0.lowercased() == name }.map(\.1)
  }
}

/// Runs a case over any transport and says what differs; empty when all is well.
func differences(
  _ test: ConformanceCase, send: (ConformanceCase) async throws -> ConformanceAnswer
) async throws -> [String] {
  for _ in 1..<test.times { _ = try await send(test) }
  let answer = try await send(test)
  var found: [String] = []
  if let type = answer.type, let wanted = test.type, type != wanted {
    found.append("error.responseType \(type), not \(wanted)")
  }
  if answer.status != test.status { found.append("status \(answer.status), not \(test.status)") }
  if let body = test.bodyIs, body != answer.body { found.append("body \(answer.body)") }
  for part in test.bodyHas where !answer.body.contains(part) {
    found.append("body without \(part): \(answer.body)")
  }
  for (name, value) in test.fields.sorted(by: { $0.key < $1.key }) {
    let values = answer.values(name)
    if values != [value] { found.append("\(name): \(values), not \(value)") }
  }
  for name in test.absent where !answer.values(name).isEmpty {
    found.append("\(name): \(answer.values(name)) must be absent")
  }
  return found
}
