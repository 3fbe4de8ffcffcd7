import HTTPExchange
import NIOCore

/// The parameters of a query or a form, each at most once (RFC 6749 §3.1, §3.2).
struct FormFields: Sendable, Hashable {
  enum Refusal: Error, Sendable, Hashable {
    case notForm
    case tooLarge
    case malformed
    case duplicate(String)

    var message: String {
      switch self {
      case .notForm: "The content type must be application/x-www-form-urlencoded"
      case .tooLarge: "The body exceeds \(FormFields.limitBytes) bytes"
      case .malformed: "The parameters are not URL-encoded UTF-8"
      case .duplicate(let name): "The parameter '\(name)' is given more than once"
      }
    }
  }

  static let limitBytes = 16 << 10
  static let limitFields = 64

  private var values: [String: String] = [:]
  private(set) var names: [String] = []

  init() {}

  /// Reads a query or body; refuses broken escapes, broken UTF-8, NUL and repeated names.
  init(parsing text: String) throws(Refusal) {
    for pair in text.split(separator: "&", omittingEmptySubsequences: true) {
      let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      let name = try Self.decode(parts[0])
      let value = parts.count > 1 ? try Self.decode(parts[1]) : ""
      if names.contains(name) { throw .duplicate(String(name.prefix(40))) }
      if names.count == Self.limitFields { throw .malformed }
      names.append(name)
      values[name] = value
    }
  }

  /// Reads the body of a POST.
  static func body(of request: Request) async throws -> FormFields {
    let type = request.headers["content-type"]?.split(separator: ";").first.map(String.init) ?? ""
    guard equalsIgnoringCase(type.filter { $0 != " " }, "application/x-www-form-urlencoded") else {
      throw Refusal.notForm
    }
    let buffer: ByteBuffer
    do {
      buffer = try await request.body.collect(upTo: limitBytes)
    } catch is BodyTooLarge {
      throw Refusal.tooLarge
    }
    guard let text = String(validating: buffer.readableBytesView, as: UTF8.self) else {
      throw Refusal.malformed
    }
    return try FormFields(parsing: text)
  }

  /// The value of a parameter; one without a value counts as absent (RFC 6749 §3.1).
  subscript(name: String) -> String? {
    get { values[name].flatMap { $0.isEmpty ? nil : $0 } }
    set {
      if values[name] == nil, newValue != nil { names.append(name) }
      if newValue == nil { names.removeAll { $0 == name } }
      values[name] = newValue
    }
  }

  /// The parameters again as a query, in their order.
  var query: String {
    names.map { "\(PercentEncoding.encode($0))=\(PercentEncoding.encode(values[$0] ?? ""))" }
      .joined(separator: "&")
  }

  private static func decode(_ text: Substring) throws(Refusal) -> String {
    var out: [UInt8] = []
    var bytes = text.utf8.makeIterator()
    while let byte = bytes.next() {
      switch byte {
      case UInt8(ascii: "+"): out.append(0x20)
      case UInt8(ascii: "%"):
        guard let high = bytes.next().flatMap(hex), let low = bytes.next().flatMap(hex) else {
          throw .malformed
        }
        out.append(high << 4 | low)
      default: out.append(byte)
      }
    }
    guard !out.contains(0), let decoded = String(validating: out, as: UTF8.self) else {
      throw .malformed
    }
    return decoded
  }

  private static func hex(_ byte: UInt8) -> UInt8? {
    switch byte {
    case 48...57: byte - 48
    case 65...70: byte - 55
    case 97...102: byte - 87
    default: nil
    }
  }
}
