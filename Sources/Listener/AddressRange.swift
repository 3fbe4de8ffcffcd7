#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// A network in CIDR notation, IPv4 or IPv6.
package struct AddressRange: Sendable, Hashable {
  private let bytes: [UInt8]
  private let bits: Int

  /// Reads `10.0.0.0/8`, `2001:db8::/32` or a bare address.
  package init?(_ text: String) {
    let parts = text.split(separator: "/", maxSplits: 1)
    guard let first = parts.first, let bytes = Self.parse(String(first)) else { return nil }
    let width = bytes.count * 8
    guard let bits = parts.count > 1 ? Int(parts[1]) : width, (0...width).contains(bits) else {
      return nil
    }
    self.bytes = bytes
    self.bits = bits
  }

  /// Whether an address lies in the network; an IPv4 address in IPv6 clothes counts as IPv4.
  package func contains(_ address: String) -> Bool {
    guard let other = Self.parse(address), other.count == bytes.count else { return false }
    for index in 0..<bits where (bytes[index / 8] ^ other[index / 8]) & (0x80 >> (index % 8)) != 0 {
      return false
    }
    return true
  }

  private static func parse(_ text: String) -> [UInt8]? {
    var four = in_addr()
    if inet_pton(AF_INET, text, &four) == 1 {
      return withUnsafeBytes(of: &four) { Array($0) }
    }
    var six = in6_addr()
    guard inet_pton(AF_INET6, text, &six) == 1 else { return nil }
    let bytes = withUnsafeBytes(of: &six) { Array($0) }
    let mapped = bytes.prefix(10).allSatisfy { $0 == 0 } && bytes[10] == 0xFF && bytes[11] == 0xFF
    return mapped ? Array(bytes[12...]) : bytes
  }
}

/// Who the client is, by the rightmost address that we do not trust.
package struct ForwardedAddress: Sendable, Hashable {
  package var address: String
  /// The scheme that the trusted proxy saw.
  package var scheme: String?

  /// Applies forwarding fields when the peer is a trusted proxy; otherwise they mean nothing.
  package init(
    peer: String, forwardedFor: String?, forwardedProto: String?, trusted: [AddressRange]
  ) {
    address = peer
    guard trusted.contains(where: { $0.contains(peer) }) else { return }
    if forwardedProto == "https" || forwardedProto == "http" { scheme = forwardedProto }
    guard let forwardedFor else { return }
    for hop in forwardedFor.split(separator: ",").reversed().prefix(32) {
      let text = String(hop.filter { $0 != " " && $0 != "\t" })
      guard AddressRange(text) != nil, !text.contains("/") else { return }
      address = text
      if !trusted.contains(where: { $0.contains(text) }) { return }
    }
  }
}
