import HTTPExchange

/// A request head made into a `Request`, or the reason it is refused: a pure decision.
///
/// Heads that two readers could understand differently (no Host, two Hosts, an absolute target that
/// contradicts Host, a coding other than chunked) are refused here before anything is dispatched
/// (RFC 9112 §3.2, §6.1, §6.3).
struct HeadReader {
  let limits: ConnectionLimits
  let trusted: [AddressRange]

  struct Refusal: Error, Equatable {
    let status: Int
    let message: String
  }

  /// How the body is framed.
  enum Framing: Equatable {
    case none
    case length(Int)
    case chunked
  }

  struct Head {
    var request: Request
    var address: String
    var trace = TraceContext()
    var framing: Framing
    var keepAlive: Bool
    var expectsContinue: Bool
    var isHTTP10: Bool
  }

  /// What the fields say of the connection and the body, found in one pass.
  private struct Scan {
    var hosts = 0
    var host = ""
    var contentLengths = 0
    var contentLength = 0
    var transferEncoding: String?
    var connection: String?
    var expect: String?
    var forwardedFor: String?
    var forwardedProto: String?
    var trace = TraceContext()
  }

  func read(_ head: RequestDecoder.Head, peer: String) throws(Refusal) -> Head {
    let scan = try scan(head.fields)
    let isHTTP10 = head.minor == 0
    if scan.hosts > 1 || (scan.hosts == 0 && !isHTTP10) {
      throw Refusal(status: 400, message: "Exactly one Host field is required")
    }
    let framing = try framing(scan, isHTTP10: isHTTP10)
    let (target, authority) = try target(head, host: scan.host)
    let connection = try Self.connectionOptions(scan.connection)
    let expects = try expectation(scan.expect, isHTTP10: isHTTP10)
    var scheme = "http"
    var address = peer
    if !trusted.isEmpty {
      let client = ForwardedAddress(
        peer: peer, forwardedFor: scan.forwardedFor, forwardedProto: scan.forwardedProto,
        trusted: trusted)
      address = client.address
      scheme = client.scheme ?? scheme
    }
    let request = Request(
      method: head.fields.text(head.method), target: target, scheme: scheme,
      authority: authority, headers: HeaderFields(head.fields))
    return Head(
      request: request, address: address, trace: scan.trace, framing: framing,
      keepAlive: isHTTP10 ? connection == .keepAlive : connection != .close,
      expectsContinue: expects, isHTTP10: isHTTP10)
  }

  /// The head as a plain read, or nil when it needs a closer look: anything that `read` would judge.
  func plainRead(_ head: RequestDecoder.Head) -> PlainRead? {
    let fields = head.fields
    guard head.minor == 1, head.method == 0..<3, trusted.isEmpty,
      fields.bytes[0] == UInt8(ascii: "G"), fields.bytes[1] == UInt8(ascii: "E")
    else { return nil }
    var host: ReceivedFields.Line?
    var acceptEncoding: ReceivedFields.Line?
    for line in fields.lines {
      switch line.nameCount {
      case 4 where fields.isNamed(line, "host"):
        if host != nil { return nil }
        host = line
      case 5 where fields.isNamed(line, "range"): return nil
      case 6 where fields.isNamed(line, "expect"): return nil
      case 7 where fields.isNamed(line, "upgrade"): return nil
      case 10 where fields.isNamed(line, "connection"):
        guard equalsIgnoringCase(fields.text(line.value), "keep-alive") else { return nil }
      case 14 where fields.isNamed(line, "content-length"): return nil
      case 15 where fields.isNamed(line, "accept-encoding"):
        if acceptEncoding != nil { return nil }
        acceptEncoding = line
      case 17 where fields.isNamed(line, "transfer-encoding"): return nil
      case 8...19 where fields.isConditional(line): return nil
      default: break
      }
    }
    guard let host else { return nil }
    let authority = fields.text(host.value)
    guard Self.isHost(authority), !authority.utf8.contains(where: { (0x41...0x5A).contains($0) })
    else { return nil }
    return PlainRead(
      target: fields.text(head.target), authority: authority,
      acceptEncoding: acceptEncoding.map { fields.text($0.value) })
  }

  private func scan(_ fields: ReceivedFields) throws(Refusal) -> Scan {
    var scan = Scan()
    func text(_ line: ReceivedFields.Line) -> String { fields.text(line.value) }
    func joined(_ before: String?, _ line: ReceivedFields.Line) -> String {
      before.map { "\($0),\(text(line))" } ?? text(line)
    }
    for line in fields.lines {
      switch line.nameCount {
      case 4 where fields.isNamed(line, "host"):
        scan.hosts += 1
        scan.host = text(line)
      case 6 where fields.isNamed(line, "expect"): scan.expect = text(line)
      case 10 where fields.isNamed(line, "connection"):
        scan.connection = joined(scan.connection, line)
      case 11 where fields.isNamed(line, "traceparent"): scan.trace.traceparent = text(line)
      case 14 where fields.isNamed(line, "content-length"):
        scan.contentLengths += 1
        guard let length = Self.digits(text(line)) else {
          throw Refusal(status: 400, message: "Content-Length is not a number")
        }
        scan.contentLength = length
      case 15 where fields.isNamed(line, "x-forwarded-for"):
        scan.forwardedFor = joined(scan.forwardedFor, line)
      case 15 where fields.isNamed(line, "x-amzn-trace-id"): scan.trace.amazon = text(line)
      case 17 where fields.isNamed(line, "transfer-encoding"):
        scan.transferEncoding = joined(scan.transferEncoding, line)
      case 17 where fields.isNamed(line, "x-forwarded-proto"): scan.forwardedProto = text(line)
      default: break
      }
    }
    return scan
  }

  private static func digits(_ text: String) -> Int? {
    let bytes = text.utf8
    guard (1...18).contains(bytes.count), bytes.allSatisfy({ (0x30...0x39).contains($0) }) else {
      return nil
    }
    return Int(text)
  }

  private func framing(_ scan: Scan, isHTTP10: Bool) throws(Refusal) -> Framing {
    if let coding = scan.transferEncoding {
      if isHTTP10 || scan.contentLengths > 0 {
        throw Refusal(status: 400, message: "The request's framing is ambiguous")
      }
      let codings = coding.split(separator: ",").map { String($0.trimmed) }
      // RFC 9112 §6.3: where chunked is not the last, nobody can say where the body ends.
      if codings.dropLast().contains(where: { equalsIgnoringCase($0, "chunked") }) {
        throw Refusal(status: 400, message: "The request's framing is ambiguous")
      }
      guard codings.count == 1, equalsIgnoringCase(codings[0], "chunked") else {
        throw Refusal(status: 501, message: "Only the transfer coding 'chunked' is understood")
      }
      return .chunked
    }
    if scan.contentLengths > 1 {
      throw Refusal(status: 400, message: "The request's framing is ambiguous")
    }
    return scan.contentLength > 0 ? .length(scan.contentLength) : .none
  }

  private func target(_ head: RequestDecoder.Head, host: String) throws(Refusal)
    -> (RequestTarget, String)
  {
    guard Self.isHost(host) else {
      throw Refusal(status: 400, message: "The Host field is malformed")
    }
    let authority = host.utf8.contains { (0x41...0x5A).contains($0) } ? host.lowercased() : host
    let uri = head.fields.text(head.target)
    if uri.utf8.first == UInt8(ascii: "/") {
      return (try Self.parse(uri), authority)
    }
    return (try Self.parse(Self.originForm(of: uri, authority: authority)), authority)
  }

  private static func parse(_ origin: String) throws(Refusal) -> RequestTarget {
    do {
      return try RequestTarget(parsing: origin)
    } catch {
      throw Refusal(status: 400, message: error.rawValue)
    }
  }

  private static func originForm(of uri: String, authority: String) throws(Refusal) -> String {
    if uri == "*" { return "/*" }
    for prefix in ["http://", "https://"] where uri.lowercased().hasPrefix(prefix) {
      let rest = uri.dropFirst(prefix.count)
      let named = rest.prefix { $0 != "/" && $0 != "?" && $0 != "#" }
      // RFC 9112 §3.2.2 lets the target win; two names in one request are refused instead, so that
      // no later reader can choose the other.
      guard named.lowercased() == authority else {
        throw Refusal(status: 400, message: "The request target and Host name different hosts")
      }
      let origin = String(rest.dropFirst(named.count))
      return origin.isEmpty || origin.hasPrefix("?") ? "/" + origin : origin
    }
    return uri
  }

  /// Letters, digits, dot, hyphen, colon, brackets and underscore: enough for names and addresses.
  private static func isHost(_ host: String) -> Bool {
    var host = host
    return host.withUTF8 { bytes in
      bytes.count <= 255
        && bytes.allSatisfy {
          switch $0 {
          case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x3A, 0x5B, 0x5D, 0x5F: true
          default: false
          }
        }
    }
  }

  enum ConnectionOption { case none, close, keepAlive }

  /// Options of `Connection`; a client may not ask us to drop the fields that decide who it is.
  static func connectionOptions(_ value: String?) throws(Refusal) -> ConnectionOption {
    guard let value else { return .none }
    if equalsIgnoringCase(value, "keep-alive") { return .keepAlive }
    if equalsIgnoringCase(value, "close") { return .close }
    var option = ConnectionOption.none
    for member in value.split(separator: ",") {
      let name = member.trimmed.lowercased()
      if name == "close" { option = .close }
      if name == "keep-alive", option == .none { option = .keepAlive }
      let vital = ["authorization", "host", "cookie", "content-length", "x-api-key", "forwarded"]
      if vital.contains(name) || name.hasPrefix("x-forwarded-") {
        throw Refusal(status: 400, message: "Connection may not list '\(name)'")
      }
    }
    return option
  }

  private func expectation(_ value: String?, isHTTP10: Bool) throws(Refusal) -> Bool {
    guard let value else { return false }
    guard equalsIgnoringCase(value, "100-continue") else {
      throw Refusal(status: 417, message: "The expectation is not understood")
    }
    return !isHTTP10
  }
}

extension ReceivedFields {
  /// Whether a line's name begins with `If-`.
  fileprivate func isConditional(_ line: Line) -> Bool {
    let start = Int(line.nameStart)
    return line.nameCount > 3 && bytes[start] | 0x20 == UInt8(ascii: "i")
      && bytes[start + 1] | 0x20 == UInt8(ascii: "f") && bytes[start + 2] == UInt8(ascii: "-")
  }
}
