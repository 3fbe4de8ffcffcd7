import Diagnostics
import HTTPExchange
import Settings
import Testing
import Time

@testable import Gateway

@Suite("Cache poisoning") struct CachePoisoningTests {
  /// An origin that builds its answer from everything a request brings.
  private func rig() -> CacheRig {
    let rig = CacheRig()
    rig.origin { request in
      let fields = request.headers.fields.map { "\($0.name)=\($0.value)" }.joined(separator: ";")
      return Response(
        status: 200, headers: HeaderFields([("cache-control", "max-age=60")]),
        body: Body("\(request.method) \(request.authority) \(fields)"))
    }
    return rig
  }

  @Test(
    "what an attacker adds is not in the answer that others get",
    arguments: [
      [("x-forwarded-host", "evil")], [("x-forwarded-scheme", "evil")],
      [("forwarded", "host=evil")],
      [("x-original-url", "/evil")], [("x-rewrite-url", "/evil")], [("x-host", "evil")],
      [("x-forwarded-port", "evil")], [("x-forwarded-prefix", "evil")],
      [("x-forwarded-for", "evil")], [("x-http-method-override", "evil")],
      [("x-method-override", "evil")], [("x-http-method", "evil")], [("range", "bytes=0-0")],
      [("if-none-match", "evil")], [("if-match", "\"evil\"")], [("content-length", "4")],
      [("transfer-encoding", "chunked")],
    ] as [[(String, String)]])
  func fields(attack: [(String, String)]) async throws {
    let rig = rig()
    _ = try await rig.send("/a", attack)
    let victim = try await rig.send("/a")
    #expect(victim.status == 200 && victim.text == "GET localhost:8080 ")
  }

  @Test("a GET with a body neither stores nor reads") func fatGet() async throws {
    let rig = rig()
    _ = try await rig.send("/a", body: Body("evil"))
    #expect(rig.cache.counts.entries == 0)
    _ = try await rig.send("/a")
    let fat = try await rig.send("/a", [("content-length", "4")], body: Body("evil"))
    #expect(fat.cacheStatus == "Portico; fwd=bypass" && rig.calls == 3)
  }

  @Test("hosts, escapes and queries are told apart") func keys() async throws {
    let rig = rig()
    _ = try await rig.send("/a", authority: "evil")
    #expect(try await rig.send("/a").text.hasPrefix("GET localhost"))
    for target in ["/%61", "/a?", "/a?x=1", "/a?x=2", "/a?X=1", "/a?x=1&"] {
      #expect(try await rig.send(target).cacheStatus.contains("uri-miss"))
    }
  }

  @Test("values cannot pose as other parts of the key") func ambiguous() throws {
    var rule = CacheRule()
    rule.query = .named(["a", "b"])
    rule.headers = ["x"]
    func key(_ target: String, _ x: String? = nil) throws -> CacheKey {
      CacheKey(
        Request(
          method: "GET", target: try RequestTarget(parsing: target),
          headers: HeaderFields(x.map { [("x", $0)] } ?? [])),
        RequestContext(requestID: "R", sourceAddress: "", clock: ManualClock()), rule: rule)
    }
    let keys = [
      try key("/p?a=1&b=2"), try key("/p?a=1n1:bv1:2"), try key("/p?a=1", "2"), try key("/p?a=1"),
      try key("/p?b=1"), try key("/p?a=1&a=1"), try key("/p", ""), try key("/p"),
    ]
    #expect(Set(keys.map(\.text)).count == keys.count)
  }

  @Test("one user's answer never reaches another") func users() async throws {
    let rig = CacheRig()
    rig.origin([("cache-control", "max-age=60")])
    var rule = CacheRule()
    rule.identity = true
    _ = try await rig.send(rule: rule, user: "alice")
    _ = try await rig.send(rule: rule, user: "bob")
    _ = try await rig.send(rule: rule, user: "alice", scopes: ["admin"])
    _ = try await rig.send(rule: rule)
    #expect(rig.calls == 4)
    _ = try await rig.send(rule: rule, user: "alice")
    #expect(rig.calls == 4 && rig.cache.counts.entries == 3)
  }

  @Test(
    "rules that could mix callers up are refused at load",
    arguments: [
      ("/buy", "POST /buy", "mode: stage", "G023"),
      ("/orders", "GET /orders", "mode: stage", "G022"),
      ("/orders", "GET /orders", "mode: rfc9111", "G022"),
      ("/orders", "GET /orders", "{ mode: stage, key_identity: true }", nil),
      ("/orders", "GET /orders", "mode: off", nil),
      ("/keyed", "GET /keyed", "mode: rfc9111", "G022"),
      ("/keyed", "GET /keyed", "{ mode: rfc9111, key_headers: [X-Api-Key] }", nil),
      ("/check", "GET /check", "key_identity: true", "G023"),
      ("/check", "GET /chekc", "mode: stage", "G008"),
      ("/check", "GET /check", "{ min_ttl_seconds: 9, max_ttl_seconds: 3 }", "G023"),
    ] as [(String, String, String, String?)])
  func refused(path: String, key: String, rule: String, code: String?) throws {
    let braced = rule.hasPrefix("{") ? rule : "{ \(rule) }"
    let yaml = "gateway: { cache: { routes: { \"\(key)\": \(braced) } } }"
    let root = try SettingsDocument(yaml: yaml).reader()
    let settings = CacheSettings(root.section("gateway").section("cache"))
    var codes: [String] = []
    do throws(DiagnosticList) {
      try root.finish()
    } catch { codes += error.diagnostics.map(\.code.text) }
    do {
      _ = try Rig(configure: { $0.cache = settings })
    } catch let error as DiagnosticList { codes += error.diagnostics.map(\.code.text) }
    #expect(codes == (code.map { [$0] } ?? []))
  }

  @Test("routes with an authorizer and without a rule are not cached") func authorized() throws {
    let rig = try Rig()
    let orders = try #require(rig.plan.allRoutes.first { $0.key == "GET /orders" })
    #expect(orders.cache == nil)
    let check = try #require(rig.plan.allRoutes.first { $0.key == "GET /check" })
    #expect(check.cache != nil)
  }
}
