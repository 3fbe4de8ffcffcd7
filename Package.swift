// swift-tools-version:6.3
import PackageDescription

/// The settings every target of ours is built with, each with its reason.
let strict: [SwiftSetting] = [
  // Data races are errors, not advice (SE-0337, Swift 6 mode).
  .swiftLanguageMode(.v6),
  // A warning nobody reads is a bug report nobody files.
  .treatAllWarnings(as: .error),
  // `any` is written where it is paid for (SE-0335).
  .enableUpcomingFeature("ExistentialAny"),
  // A member is visible only where its module is imported, so imports tell the truth (SE-0444).
  .enableUpcomingFeature("MemberImportVisibility"),
  // An async function stays on its caller's executor unless it says otherwise (SE-0461).
  .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
  // A conformance of an isolated type is isolated too (SE-0470).
  .enableUpcomingFeature("InferIsolatedConformances"),
]

/// For targets that neither bind C nor speak to NIO: every unsafe use is spelt (SE-0458).
let strictAndSafe: [SwiftSetting] = strict + [.strictMemorySafety()]

/// One dependency list for a capability and its tests, which read their data from the source tree.
func capability(
  _ name: String, _ dependencies: [Target.Dependency] = [], safe: Bool = false,
  testing: [Target.Dependency] = [], data: [String] = []
) -> [Target] {
  [
    .target(
      name: name, dependencies: dependencies, swiftSettings: safe ? strictAndSafe : strict),
    .testTarget(
      name: "\(name)Tests",
      dependencies: [.byName(name: name), "TestSupport"] + dependencies + testing,
      exclude: data, swiftSettings: strict),
  ]
}

/// A library of the system, with the Debian package that brings its headers.
func system(_ name: String, pkgConfig: String? = nil, apt: String) -> Target {
  .systemLibrary(
    name: name, path: "Sources/\(name)", pkgConfig: pkgConfig, providers: [.apt([apt])])
}

let nioCore = Target.Dependency.product(name: "NIOCore", package: "swift-nio")
let nioPosix = Target.Dependency.product(name: "NIOPosix", package: "swift-nio")
let nioHTTP1 = Target.Dependency.product(name: "NIOHTTP1", package: "swift-nio")
let nioEmbedded = Target.Dependency.product(name: "NIOEmbedded", package: "swift-nio")
let httpClient = Target.Dependency.product(name: "AsyncHTTPClient", package: "async-http-client")
let yams = Target.Dependency.product(name: "Yams", package: "Yams")
let grdb = Target.Dependency.product(name: "GRDB", package: "GRDB.swift")
let sqlite = Target.Dependency.product(name: "GRDBSQLite", package: "GRDB.swift")
let argumentParser = Target.Dependency.product(
  name: "ArgumentParser", package: "swift-argument-parser")

/// Words every target may use: see Documentation.docc/Decisions/0002.
let words: [Target.Dependency] = ["Diagnostics", "Time", "JSON"]

var targets: [Target] = []
targets += [
  system("COpenSSL", pkgConfig: "openssl", apt: "libssl-dev"),
  system("CZlib", pkgConfig: "zlib", apt: "zlib1g-dev"),
  system("CBrotli", pkgConfig: "libbrotlienc", apt: "libbrotli-dev"),
  system("CCMark", pkgConfig: "libcmark-gfm", apt: "libcmark-gfm-dev libcmark-gfm-extensions-dev"),
  .target(name: "CDiagnosticArticles"),
  .target(name: "CRenameExchange"),
]
targets += capability("JSON", safe: true)
targets += capability("Diagnostics", ["JSON"], safe: true)
targets += capability("Time", safe: true)
targets += capability("Cryptography", ["COpenSSL"])
targets += capability("Settings", words + [yams])
targets += capability("SiteBundle", words + ["Cryptography", "CRenameExchange"])
targets += capability("Templates", words, safe: true, data: ["Golden"])
targets += capability("HTTPExchange", words + [nioCore])
targets += capability(
  "SiteBuilder",
  words + [
    "SiteBundle", "Templates", "Settings", "Cryptography", "CZlib", "CBrotli", "CCMark", yams,
  ],
  data: ["Cases", "Golden"])
targets += capability("Tokens", words + ["Cryptography", "COpenSSL"], data: ["Peers"])
targets += capability(
  "Gateway",
  words + [
    "HTTPExchange", "SiteBundle", "Tokens", "Settings", "Cryptography", nioCore, nioHTTP1,
    httpClient, yams,
  ],
  testing: [nioEmbedded, nioPosix, "Listener"], data: ["Golden", "Cache/Checklist.md"])
targets += capability(
  "Listener", words + ["HTTPExchange", "Settings", nioCore, nioPosix, nioHTTP1],
  testing: [nioEmbedded])
targets += capability("Store", words + ["Settings", grdb, sqlite], testing: ["StoreWriter"])
targets += capability("Workflows", words, safe: true, data: ["Cases", "Peers"])
targets += capability(
  "Accounts",
  words + ["HTTPExchange", "Store", "Tokens", "Templates", "Settings", "Cryptography", nioCore])
targets += capability(
  "Market", words + ["HTTPExchange", "Store", "Settings", "Cryptography", nioCore, httpClient],
  data: ["Cases", "Golden", "Peers"])
targets += capability(
  "Trading",
  words + ["HTTPExchange", "Store", "Market", "Workflows", "Settings", "Cryptography", nioCore])
targets += capability("AWS", words + ["Cryptography", nioCore, nioHTTP1, httpClient])
targets += capability("Sync", words + ["SiteBundle", "AWS", "Settings", "Cryptography"])
targets += [
  .executableTarget(
    name: "portico",
    dependencies: words + [
      "CDiagnosticArticles", "Settings", "SiteBundle", "SiteBuilder", "HTTPExchange", "Tokens",
      "Gateway", "Listener", "Store", "Workflows", "Accounts", "Market", "Trading", "AWS", "Sync",
      "Templates", "Cryptography", argumentParser, nioCore, nioPosix, httpClient,
    ],
    exclude: ["Documentation.docc"],
    swiftSettings: strict),
  .target(
    name: "TestSupport", dependencies: words, path: "Tests/TestSupport", swiftSettings: strict),
  // What Tests/Bench measures inside a process.
  .executableTarget(
    name: "BenchParts",
    dependencies: words + [
      "HTTPExchange", "SiteBundle", "Tokens", "Gateway", "Store", nioCore,
    ],
    path: "Tests/Bench/Parts", swiftSettings: strict),
  // The process that the store's crash tests kill.
  .executableTarget(
    name: "StoreWriter", dependencies: words + ["Store"], path: "Tests/StoreWriter",
    swiftSettings: strict),
  .testTarget(name: "RepositoryTests", dependencies: ["TestSupport"], swiftSettings: strict),
  .testTarget(
    name: "EndToEndTests", dependencies: ["TestSupport", "JSON"], exclude: ["Cases", "Scripts"],
    swiftSettings: strict),
]

// `PORTICO_ONLY=Gateway swift build --build-tests` builds one capability, what it stands on and its
// tests: seconds instead of minutes on two cores. `make check TARGET=Gateway` does that.
if let only = Context.environment["PORTICO_ONLY"] {
  var keep = Set(only.split(separator: ",").map(String.init))
  keep.formUnion(keep.filter { !$0.hasSuffix("Tests") && $0 != "portico" }.map { $0 + "Tests" })
  var grown = true
  while grown {
    let before = keep.count
    for target in targets where keep.contains(target.name) {
      for dependency in target.dependencies {
        switch dependency {
        case .targetItem(let name, _), .byNameItem(let name, _): keep.insert(name)
        default: break
        }
      }
    }
    grown = keep.count > before
  }
  targets.removeAll { !keep.contains($0.name) }
}

let package = Package(
  name: "portico",
  platforms: [.macOS(.v15)],
  products: Context.environment["PORTICO_ONLY"] == nil
    ? [.executable(name: "portico", targets: ["portico"])] : [],
  dependencies: [
    // The commands and their help.
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    // Sockets, buffers and the HTTP/1.1 decoder of the edge.
    .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
    // Upstreams, JWKS, S3 and CloudFront.
    .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
    // portico.yaml, front matter and OpenAPI with the place of every node.
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    // SQLite with a well-kept pool.
    .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
  ],
  targets: targets
)
