import HTTPExchange
import NIOHTTP1

/// A request head made into a `Request`, or the reason it is refused: a pure decision.
///
/// NIO's decoder accepts several heads that two readers could understand differently (no Host, two
/// Hosts, an absolute target that contradicts Host, a coding other than chunked). Each is refused
/// here before anything is dispatched (RFC 9112 §3.2, §6.1, §6.3).
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
    var framing: Framing
    var keepAlive: Bool
    var expectsContinue: Bool
    var isHTTP10: Bool
  }

  private struct Scan {
    var fields: [HeaderFields.Field] = []
    var bytes = 0
    var hosts = 0
    var host = ""
    var contentLengths = 0
    var contentLength = 0
    var transferEncoding: String?
    var connection: String?
    var expect: String?
    var forwardedFor: String?
    var forwardedProto: String?
  }

  func read(_ head: HTTPRequestHead, peer: String) throws(Refusal) -> Head {
    if head.uri.utf8.count > limits.targetBytes {
      throw Refusal(status: 414, message: "The request target is too long")
    }
    let scan = try scan(head)
    let isHTTP10 = head.version.major == 1 && head.version.minor == 0
    guard head.version.major == 1, head.version.minor <= 1 else {
      throw Refusal(status: 505, message: "Only HTTP/1.0 and HTTP/1.1 are spoken here")
    }
    if scan.hosts > 1 || (scan.hosts == 0 && !isHTTP10) {
      throw Refusal(status: 400, message: "Exactly one Host field is required")
    }
    let framing = try framing(scan, isHTTP10: isHTTP10)
    let (target, authority) = try target(head.uri, host: scan.host)
    let connection = try Self.connectionOptions(scan.connection)
    let expects = try expectation(scan.expect, isHTTP10: isHTTP10)
    let client = ForwardedAddress(
      peer: peer, forwardedFor: scan.forwardedFor, forwardedProto: scan.forwardedProto,
      trusted: trusted)
    let request = Request(
      method: head.method.rawValue, target: target, scheme: client.scheme ?? "http",
      authority: authority, headers: HeaderFields(scan.fields))
    return Head(
      request: request, address: client.address, framing: framing,
      keepAlive: isHTTP10 ? connection == .keepAlive : connection != .close,
      expectsContinue: expects, isHTTP10: isHTTP10)
  }

  private func scan(_ head: HTTPRequestHead) throws(Refusal) -> Scan {
    var scan = Scan()
    scan.fields.reserveCapacity(head.headers.count)
    for (name, value) in head.headers {
      scan.bytes += name.utf8.count + value.utf8.count + 4
      scan.fields.append(HeaderFields.Field(name, value))
      switch name.utf8.count {
      case 4 where equalsIgnoringCase(name, "host"):
        scan.hosts += 1
        scan.host = value
      case 6 where equalsIgnoringCase(name, "expect"): scan.expect = value
      case 10 where equalsIgnoringCase(name, "connection"):
        scan.connection = scan.connection.map { "\($0),\(value)" } ?? value
      case 14 where equalsIgnoringCase(name, "content-length"):
        scan.contentLengths += 1
        guard let length = Self.digits(value) else {
          throw Refusal(status: 400, message: "Content-Length is not a number")
        }
        scan.contentLength = length
      case 15 where equalsIgnoringCase(name, "x-forwarded-for"):
        scan.forwardedFor = scan.forwardedFor.map { "\($0),\(value)" } ?? value
      case 17 where equalsIgnoringCase(name, "transfer-encoding"):
        scan.transferEncoding = scan.transferEncoding.map { "\($0),\(value)" } ?? value
      case 17 where equalsIgnoringCase(name, "x-forwarded-proto"): scan.forwardedProto = value
      default: break
      }
    }
    if scan.fields.count > limits.headerCount || scan.bytes + head.uri.utf8.count > limits.headBytes
    {
      throw Refusal(status: 431, message: "The request's header fields are too large")
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
      guard equalsIgnoringCase(String(coding[...].trimmed), "chunked") else {
        throw Refusal(status: 501, message: "Only the transfer coding 'chunked' is understood")
      }
      return .chunked
    }
    if scan.contentLengths > 1 {
      throw Refusal(status: 400, message: "The request's framing is ambiguous")
    }
    return scan.contentLength > 0 ? .length(scan.contentLength) : .none
  }

  private func target(_ uri: String, host: String) throws(Refusal) -> (RequestTarget, String) {
    guard Self.isHost(host) else {
      throw Refusal(status: 400, message: "The Host field is malformed")
    }
    var origin = uri
    let authority = host.utf8.contains { (0x41...0x5A).contains($0) } ? host.lowercased() : host
    for prefix in ["http://", "https://"] where uri.lowercased().hasPrefix(prefix) {
      let rest = uri.dropFirst(prefix.count)
      let named = rest.prefix { $0 != "/" && $0 != "?" && $0 != "#" }
      // RFC 9112 §3.2.2 lets the target win; two names in one request are refused instead, so that
      // no later reader can choose the other.
      guard named.lowercased() == authority else {
        throw Refusal(status: 400, message: "The request target and Host name different hosts")
      }
      origin = String(rest.dropFirst(named.count))
      if origin.isEmpty || origin.hasPrefix("?") { origin = "/" + origin }
    }
    if uri == "*" { origin = "/*" }
    do {
      return (try RequestTarget(parsing: origin), authority)
    } catch {
      throw Refusal(status: 400, message: error.rawValue)
    }
  }

  /// Letters, digits, dot, hyphen, colon, brackets and underscore: enough for names and addresses.
  private static func isHost(_ host: String) -> Bool {
    host.utf8.count <= 255
      && host.utf8.allSatisfy {
        switch $0 {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x3A, 0x5B, 0x5D, 0x5F: true
        default: false
        }
      }
  }

  enum ConnectionOption { case none, close, keepAlive }

  /// Options of `Connection`; a client may not ask us to drop the fields that decide who it is.
  static func connectionOptions(_ value: String?) throws(Refusal) -> ConnectionOption {
    guard let value else { return .none }
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
