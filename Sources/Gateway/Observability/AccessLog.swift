import HTTPExchange
import JSON
import Synchronization
import Time

/// One line per finished exchange in the vocabulary of API Gateway's `$context`.
package struct AccessLog: Sendable {
  private let render: @Sendable (CompletedExchange) -> String
  private let sink: @Sendable (String) -> Void

  /// A log in the form of the settings, or nil when it is off.
  ///
  /// - Parameters:
  ///   - settings: the form of a line.
  ///   - apiID: `$context.apiId`.
  ///   - sink: takes a line without its end; must not wait, and counts what it drops.
  package init?(
    _ settings: AccessLogSettings, apiID: String = "portico",
    sink: @escaping @Sendable (String) -> Void
  ) {
    self.sink = sink
    switch settings.form {
    case .off: return nil
    case .json: render = { AccessLogRecord($0, apiID: apiID).json }
    case .human: render = { AccessLogRecord($0, apiID: apiID).human }
    case .template:
      let template = AccessLogTemplate(settings.template)
      render = { template.render(AccessLogRecord($0, apiID: apiID)) }
    }
  }

  func write(_ exchange: CompletedExchange) { sink(render(exchange)) }
}

/// The values of `$context` for one exchange.
struct AccessLogRecord {
  let exchange: CompletedExchange
  let apiID: String

  init(_ exchange: CompletedExchange, apiID: String) {
    self.exchange = exchange
    self.apiID = apiID
  }

  /// Texts that a client wrote are cut here.
  static let longest = 2_048

  /// The value of a variable, or nil when there is none: AWS writes `-` then.
  func value(_ name: String) -> JSON? {
    let notes = exchange.notes
    let context = exchange.context
    switch name {
    case "requestId", "extendedRequestId": return .string(context.requestID)
    case "accountId": return "local"
    case "apiId": return .string(apiID)
    case "stage": return text(notes.stage)
    case "domainName": return text(exchange.authority)
    case "domainPrefix": return text(String(exchange.authority.prefix { $0 != "." && $0 != ":" }))
    case "routeKey": return text(notes.routeKey)
    case "httpMethod": return text(exchange.method)
    case "path": return text(exchange.path)
    case "protocol": return text(exchange.httpVersion)
    case "status": return .int(exchange.status)
    case "responseLength": return .int(exchange.bytesOut)
    case "dataProcessed": return .int(exchange.bytesIn + exchange.bytesOut)
    case "requestTime": return .string(CommonLogDate.format(context.receivedAt))
    case "requestTimeEpoch": return .int(context.receivedAt.milliseconds)
    case "responseLatency": return .int(exchange.milliseconds)
    case "integrationLatency", "integration.latency":
      return notes.integrationLatency.map { .int($0.wholeMilliseconds) }
    case "integration.status", "integration.integrationStatus":
      return notes.integrationStatus.map { .int($0) }
    case "integration.error", "integrationErrorMessage":
      return notes.errorType.hasPrefix("INTEGRATION") ? text(notes.error) : nil
    case "integration.requestId": return nil
    default: return rare(name)
    }
  }

  private func rare(_ name: String) -> JSON? {
    let notes = exchange.notes
    switch name {
    case "error.message": return text(notes.error)
    case "error.messageString": return text(JSON.string(notes.error).text)
    case "error.responseType": return text(notes.errorType)
    case "authorizer.principalId": return text(notes.subject)
    case "authorizer.error": return notes.errorType == "UNAUTHORIZED" ? text(notes.error) : nil
    case "identity.sourceIp": return text(exchange.context.sourceAddress)
    case "identity.userAgent": return text(exchange.userAgent)
    case "cacheStatus": return text(notes.cache)
    case "xrayTraceId": return text(exchange.context.trace.amazon)
    case "customDomain.basePathMatched": return text(notes.stage)
    default:
      let prefix = "authorizer.claims."
      guard name.hasPrefix(prefix) else { return nil }
      return notes.claims[String(name.dropFirst(prefix.count))]
        .flatMap(ClaimsWireForm.text).flatMap(text)
    }
  }

  private func text(_ value: String) -> JSON? {
    value.isEmpty ? nil : .string(String(value.prefix(Self.longest)))
  }

  /// Members that have a value, on one line; written straight, since every answer writes one.
  var json: String {
    let (notes, context) = (exchange.notes, exchange.context)
    var line = JSONLine()
    line.add("requestId", context.requestID)
    line.add("requestTimeEpoch", context.receivedAt.milliseconds)
    line.add("identity.sourceIp", context.sourceAddress)
    line.add("domainName", exchange.authority)
    line.add("stage", notes.stage)
    line.add("routeKey", notes.routeKey)
    line.add("httpMethod", exchange.method)
    line.add("path", exchange.path)
    line.add("protocol", exchange.httpVersion)
    line.add("status", exchange.status)
    line.add("responseLength", exchange.bytesOut)
    line.add("dataProcessed", exchange.bytesIn + exchange.bytesOut)
    line.add("responseLatency", exchange.milliseconds)
    if let latency = notes.integrationLatency {
      line.add("integrationLatency", latency.wholeMilliseconds)
    }
    if let status = notes.integrationStatus { line.add("integration.status", status) }
    line.add("authorizer.principalId", notes.subject)
    if notes.errorType == "UNAUTHORIZED" { line.add("authorizer.error", notes.error) }
    line.add("error.message", notes.error)
    line.add("error.responseType", notes.errorType)
    line.add("identity.userAgent", exchange.userAgent)
    line.add("cacheStatus", notes.cache)
    line.add("xrayTraceId", context.trace.amazon)
    if exchange.aborted { line.add("aborted", 1) }
    return line.finish()
  }

  /// A line for a person at a terminal.
  var human: String {
    let milliseconds = Double(exchange.nanoseconds) / 1_000_000
    let time = milliseconds < 10 ? "\((milliseconds * 10).rounded() / 10)" : "\(Int(milliseconds))"
    let error = exchange.notes.error.isEmpty ? "" : "  \(exchange.notes.error)"
    let cache = exchange.notes.cache.isEmpty ? "" : "  \(exchange.notes.cache)"
    return "\(exchange.status) \(exchange.method) \(clean(exchange.path))  \(time) ms"
      + "  \(exchange.bytesOut) B\(cache)\(clean(error))"
  }

  /// Without control characters, so that a client cannot write to the terminal.
  private func clean(_ text: String) -> String {
    String(text.unicodeScalars.prefix(Self.longest).map { $0.value < 0x20 ? "?" : Character($0) })
  }
}

/// One JSON object on one line, written member by member.
private struct JSONLine {
  private var bytes: [UInt8] = []

  init() {
    bytes.reserveCapacity(640)
    bytes.append(UInt8(ascii: "{"))
  }

  private mutating func name(_ name: StaticString) {
    if bytes.count > 1 { bytes.append(UInt8(ascii: ",")) }
    bytes.append(UInt8(ascii: "\""))
    name.withUTF8Buffer { bytes.append(contentsOf: $0) }
    bytes.append(contentsOf: [UInt8(ascii: "\""), UInt8(ascii: ":")])
  }

  /// A text, cut at a bound; an empty one is left out.
  mutating func add(_ name: StaticString, _ value: String) {
    if value.isEmpty { return }
    self.name(name)
    let isLong = value.utf8.count > AccessLogRecord.longest
    JSON.appendQuoted(isLong ? String(value.prefix(AccessLogRecord.longest)) : value, to: &bytes)
  }

  mutating func add(_ name: StaticString, _ value: Int) {
    self.name(name)
    bytes.append(contentsOf: String(value).utf8)
  }

  consuming func finish() -> String {
    bytes.append(UInt8(ascii: "}"))
    return String(decoding: bytes, as: UTF8.self)
  }
}

/// A line with `$context` variables.
struct AccessLogTemplate: Sendable {
  private enum Part: Sendable {
    case literal(String)
    case variable(String)
  }

  private let parts: [Part]

  init(_ text: String) {
    var parts: [Part] = []
    var rest = text[...]
    while let range = rest.firstRange(of: "$context.") {
      parts.append(.literal(String(rest[..<range.lowerBound])))
      rest = rest[range.upperBound...]
      var name = rest.prefix { $0.isASCII && ($0.isLetter || $0.isNumber || "._:-".contains($0)) }
      while name.last == "." || name.last == "-" || name.last == ":" { name = name.dropLast() }
      parts.append(.variable(String(name)))
      rest = rest[name.endIndex...]
    }
    parts.append(.literal(String(rest)))
    self.parts = parts
  }

  /// The variables that have no meaning here.
  var unknownVariables: [String] {
    parts.compactMap { part in
      guard case .variable(let name) = part, !AccessLogRecord.knows(name) else { return nil }
      return name
    }
  }

  /// One line; quotes and control characters of values are escaped as in JSON.
  func render(_ record: AccessLogRecord) -> String {
    var line = ""
    for part in parts {
      switch part {
      case .literal(let text): line += text
      case .variable(let name):
        switch record.value(name) {
        case nil: line += "-"
        case .string(let text): line += String(JSON.string(text).text.dropFirst().dropLast())
        case let value?: line += value.text
        }
      }
    }
    return line.replacing("\n", with: " ")
  }
}

/// Dates of the common log format: `10/Oct/2000:13:55:36 +0000`.
enum CommonLogDate {
  private static let months = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
  ]

  static func format(_ timestamp: Timestamp) -> String {
    let t = CivilTime(timestamp)
    func two(_ value: Int) -> String { value < 10 ? "0\(value)" : "\(value)" }
    return "\(two(t.day))/\(months[t.month - 1])/\(t.year):\(two(t.hour)):\(two(t.minute)):"
      + "\(two(t.second)) +0000"
  }
}
