import Foundation
import TestSupport
import Testing

/// The arrows of design: which target may import what. SwiftPM does not hold them, so this does.
@Suite("Imports follow the table")
struct ImportTableTests {
  /// Words every target may use (Decisions/0002).
  static let words: Set<String> = ["Diagnostics", "Time", "JSON", "Cryptography"]

  /// What of ours each target may import beside the words.
  static let ours: [String: Set<String>] = [
    "JSON": [], "Time": [], "Diagnostics": [], "Cryptography": [],
    "Settings": [], "SiteBundle": [], "Templates": [], "HTTPExchange": [],
    "SiteBuilder": ["SiteBundle", "Templates", "Settings"],
    "Tokens": [],
    "Gateway": ["HTTPExchange", "SiteBundle", "Tokens", "Settings"],
    "Listener": ["HTTPExchange", "Settings"],
    "Store": ["Settings"],
    "Workflows": [],
    "Accounts": ["HTTPExchange", "Store", "Tokens", "Templates", "Settings"],
    "Market": ["HTTPExchange", "Store", "Settings"],
    "Trading": ["HTTPExchange", "Store", "Market", "Workflows", "Settings"],
    "AWS": [],
    "Sync": ["SiteBundle", "AWS", "Settings"],
  ]

  /// Where a foreign module may be imported.
  static let foreign: [String: Set<String>] = [
    "NIOPosix": ["Listener", "portico"],
    // Gateway/Upstream and AWS name async-http-client's header type, which is NIOHTTP1's.
    "NIOHTTP1": ["Listener", "Gateway", "AWS"],
    "NIOSSL": ["Listener"],
    "NIOHTTP2": ["Listener"],
    "AsyncHTTPClient": ["Gateway", "Market", "AWS", "portico"],
    "GRDB": ["Store"],
    "Yams": ["Settings", "SiteBuilder", "Gateway"],
    "COpenSSL": ["Cryptography", "Tokens"],
    "CZlib": ["SiteBuilder"],
    "CBrotli": ["SiteBuilder"],
    "CCMark": ["SiteBuilder"],
    "ArgumentParser": ["portico"],
    "CDiagnosticArticles": ["portico"],
  ]

  static let sources = Repository.files(under: "Sources", ending: ".swift")

  static func imports(of path: String) throws -> [String] {
    try Repository.text(path).split(separator: "\n").compactMap { line in
      let trimmed = line.trimmingCharacters(in: .whitespaces)
      guard trimmed.hasPrefix("import ") || trimmed.hasPrefix("@preconcurrency import ") else {
        return nil
      }
      let words = trimmed.split(separator: " ")
      return words.last.map { String($0.prefix { $0 != "." }) }
    }
  }

  @Test(arguments: sources)
  func `every import is allowed`(path: String) throws {
    let target = path.split(separator: "/")[1]
    for module in try Self.imports(of: path) {
      if target == "portico" { continue }
      if let allowed = Self.ours[String(target)], Self.ours[module] != nil {
        #expect(
          Self.words.contains(module) || allowed.contains(module),
          "\(path) imports \(module), which points upwards or sideways")
      }
      if let allowed = Self.foreign[module] {
        #expect(allowed.contains(String(target)), "\(path) imports \(module)")
      }
    }
  }

  @Test func `the words stand on nothing but each other`() throws {
    for path in Self.sources
    where path.hasPrefix("Sources/JSON/") || path.hasPrefix("Sources/Time/") {
      let imports = try Self.imports(of: path)
      #expect(Set(imports).isSubset(of: ["Glibc", "Darwin", "Synchronization"]), "\(path)")
    }
  }
}
