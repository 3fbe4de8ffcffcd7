// Tests of the gateway in-process: a rig makes one from small documents on a clock that stands still.

import Diagnostics
import HTTPExchange
import JSON
import NIOCore
import SiteBundle
import Synchronization
import Testing
import Time

@testable import Gateway

/// A verifier whose verdict is written in the token.
struct WordVerifier: BearerVerifier {
  static let alice = Identity(
    subject: "sub-alice", username: "alice", scopes: ["orders.read", "profile"],
    claims: [
      "sub": "sub-alice", "username": "alice", "exp": 1_780_003_600, "admin": true,
      "groups": ["a", "b"], "gone": .null, "address": ["city": "Oslo"],
    ])

  func verify(_ token: String, now: Timestamp) -> BearerVerdict {
    switch token {
    case "good": .accepted(Self.alice)
    case "unscoped": .accepted(Identity(subject: "sub-bob", username: "bob"))
    case "nokeys": .unavailable("the issuer's keys were never loaded")
    case "later": .wait { .accepted(Self.alice) }
    case "never": .wait { .unavailable("the issuer is down") }
    default: .refused("signature")
    }
  }
}

/// A gateway with everything around it that a test turns.
struct Rig {
  let clock = ManualClock()
  let gateway: Gateway
  let plan: GatewayPlan
  let calls = CallCounter()

  init(
    api: String = Rig.api, accounts: String? = Rig.accounts, site: StaticSite? = nil,
    configure: (inout GatewaySettings) -> Void = { _ in },
    assemble: (inout GatewayAssembly) -> Void = { _ in }
  ) throws {
    var settings = GatewaySettings()
    configure(&settings)
    let variables = ["accounts.issuer_url": "http://localhost:8080"]
    var assembly = GatewayAssembly(
      settings: settings,
      api: try OpenAPILoader.load(api, file: "openapi.yaml", variables: variables),
      accounts: try accounts.map {
        try OpenAPILoader.load($0, file: "accounts.yaml", variables: variables)
      },
      site: try site ?? Rig.site(), functions: Self.functions(calls),
      verifier: { _ in WordVerifier() })
    assembly.eventFunctions = ["EventEcho": { ["statusCode": 200, "body": .string($0.text)] }]
    assemble(&assembly)
    plan = try assembly.plan()
    gateway = Gateway(plan: plan)
  }

  /// Fields that a socket adds to what a test sends.
  private static let transportFields = ["host", "connection", "content-length"]

  static func functions(_ calls: CallCounter) -> [String: any Handler] {
    [
      "EchoFunction": FunctionHandler { request, context in
        calls.count()
        let body = request.body.buffer.map { String(buffer: $0) } ?? ""
        return Response(json: [
          "method": .string(request.method), "routeKey": .string(context.routeKey),
          "stage": .string(context.stage), "body": .string(body),
          "user": .string(context.identity?.username ?? ""),
          "parameters": .object(
            JSONObject(context.pathParameters.map { ($0.name, .string($0.value)) })),
          "fields": .array(
            request.headers.fields.map { $0.name.lowercased() }
              .filter { !transportFields.contains($0) }.map { .string($0) }),
          "trace": .string(context.trace.amazon),
        ])
      },
      "CorsFunction": FunctionHandler { _, _ in
        var response = Response(json: ["ok": true])
        response.headers.append("Access-Control-Allow-Origin", "https://wrong.example")
        return response
      },
      "ThrowFunction": FunctionHandler { _, _ in throw Boom() },
      "NonsenseFunction": FunctionHandler { _, _ in Response(status: 99) },
      "ProblemFunction": FunctionHandler { _, _ in
        throw Problem(status: 409, error: "conflict", message: "Not now")
      },
    ]
  }

  struct Boom: Error {}

  /// Sends one request and waits for the answer.
  func send(
    _ method: String, _ target: String, host: String = "localhost:8080",
    headers: [(String, String)] = [], body: String = "", address: String = "192.0.2.1"
  ) async throws -> Response {
    let request = Request(
      method: method, target: try RequestTarget(parsing: target), authority: host,
      headers: HeaderFields(headers), body: .empty)
    let context = RequestContext(requestID: "REQ-1", sourceAddress: address, clock: clock)
    switch gateway.decide(request, context) {
    case .answer(let response): return response
    case .handle(let work): return await work.run(body.isEmpty ? .empty : Body(body))
    }
  }

  static func site(
    spa: [SPARoute] = [SPARoute(prefix: "/app/", shell: "app/index.html")],
    extra: [(String, String)] = []
  ) throws -> StaticSite {
    let files =
      [
        ("index.html", "<h1>Home</h1>"), ("about/index.html", "<h1>About</h1>"),
        ("app/index.html", "<h1>App</h1>"), ("404.html", "<h1>Lost</h1>"),
        ("assets/site.1a2b.css", "body{}"),
      ] + extra
    var bytes: [String: [UInt8]] = [:]
    func put(_ key: String, _ text: String) -> String {
      bytes[key] = Array(text.utf8)
      let hash = String(
        "\(key)\n\(text)".utf8.reduce(UInt64(1_469_598_103_934_665_603)) {
          ($0 ^ UInt64($1)) &* 1_099_511_628_211
        }, radix: 16)
      return hash + String(repeating: "0", count: 64 - hash.utf8.count)
    }
    let entries = files.map { key, text in
      BundleEntry(
        key: key, kind: key.hasSuffix(".html") ? .page : .asset, sha256: put(key, text),
        bytes: text.utf8.count,
        contentType: key.hasSuffix(".html") ? "text/html; charset=utf-8" : "text/css",
        cacheControl: key.hasSuffix(".html") ? "no-cache" : "public, max-age=31536000, immutable",
        headerGroup: "page",
        encodings: ["gzip", "br"].map { coding in
          EncodedVariant(
            coding: coding, key: "\(key).\(coding)",
            sha256: put("\(key).\(coding)", "\(coding):\(text)"),
            bytes: text.utf8.count)
        })
    }
    let manifest = BundleManifest(
      entries: entries, headerGroups: ["page": [HeaderPair("x-content-type-options", "nosniff")]],
      redirects: [Redirect(from: "/old", to: "/about/")], spaRoutes: spa)
    return try StaticSite(manifest: manifest, limit: 1 << 20) { key, _ in bytes[key] ?? [] }
  }
}

/// Counts calls of handlers.
final class CallCounter: Sendable {
  private let calls = Mutex(0)
  func count() { calls.withLock { $0 += 1 } }
  var value: Int { calls.withLock { $0 } }
}

extension Response {
  var text: String { body.buffer.map { String(buffer: $0) } ?? "" }
  var json: JSON? { try? JSON(parsing: text) }
}
