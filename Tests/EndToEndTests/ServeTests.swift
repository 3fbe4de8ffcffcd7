import Foundation
import JSON
import TestSupport
import Testing

/// The real binary: build, serve, ask, trade, crash, drain. One at a time: the machine is small.
@Suite("The binary", .serialized)
struct ServeTests {
  @Test func `two previews of one project have each its own pages`() throws {
    let servers = [try RunningServer(), try RunningServer()]
    for server in servers {
      let feed = String(server.get("/feed.xml").body)
      #expect(feed.contains("http://localhost:\(server.port)/"))
      for other in servers where other.port != server.port {
        #expect(!feed.contains(":\(other.port)/"))
      }
    }
    for server in servers { #expect(server.stop() == 0) }
  }

  @Test func `a preview answers site, API and admin, and drains`() throws {
    let server = try RunningServer()
    let page = server.get("/")
    #expect(page.status == 200)
    #expect(page.header("content-type") == "text/html; charset=utf-8")
    let policy = page.header("content-security-policy") ?? ""
    #expect(policy.contains("default-src 'none'") && !policy.contains("unsafe-inline"))
    #expect(page.header("x-content-type-options") == "nosniff")

    let tag = page.header("etag") ?? ""
    #expect(server.get("/", headers: [("If-None-Match", tag)]).status == 304)
    #expect(server.get("/", method: "HEAD").body.isEmpty)
    #expect(server.get("/about").status == 301)
    #expect(server.get("/about").header("location") == "/about/")
    #expect(server.get("/about/").status == 200)
    #expect(server.get("/favicon.svg", headers: [("Range", "bytes=0-3")]).status == 206)
    #expect(server.get("/favicon.svg", headers: [("Range", "bytes=999999-")]).status == 416)
    #expect(server.get("/nowhere").status == 404)
    #expect(server.get("/.portico/manifest.json").status == 404)
    #expect(server.get("/app/stocks/AAPL", headers: [("Accept", "text/html")]).status == 200)
    #expect(server.get("/app/missing.js").status == 404)

    for path in ["/api/v1/check", "/Prod/check"] {
      let check = try JSON(parsing: server.get(path).body)
      #expect(check.array?.count == 5)
      #expect(check[0]?["symbol"]?.string == "GOOGL")
      #expect(check[0]?["change"]?.string != nil)
    }
    let host = server.get("/check", host: "api.localhost:\(server.port)")
    #expect(host.status == 200)
    #expect(server.get("/api/v1/portfolio").status == 401)

    #expect(server.get("/healthz", port: server.adminPort).status == 200)
    #expect(server.get("/metrics", port: server.adminPort).body.contains("# TYPE"))
    #expect(server.stop() == 0)
    #expect(server.log("out.log").contains("GET /check"))
  }

  @Test func `what is bought after sign-up is there after a crash`() throws {
    let data = try TemporaryFolder()
    var server = try RunningServer(data: data)
    let json = [("Content-Type", "application/json")]
    let account = #"{"username":"crash-test","password":"seven green bottles"}"#
    let signUp = server.get("/api/v1/auth/signup", method: "POST", headers: json, body: account)
    #expect(signUp.status == 201, "\(signUp.body)")
    let login = server.get("/api/v1/auth/login", method: "POST", headers: json, body: account)
    let token = try #require(try JSON(parsing: login.body)["token"]?.string)
    let bearer = [("Authorization", "Bearer \(token)")]
    let bought = server.get(
      "/api/v1/buy", method: "POST", headers: json + bearer,
      body: #"{"symbol":"AAPL","quantity":3}"#)
    #expect(bought.status == 200, "\(bought.body)")
    server.kill()

    server = try RunningServer(data: data, port: server.port)
    let portfolio = server.get("/api/v1/portfolio", headers: bearer)
    #expect(portfolio.status == 200, "\(portfolio.body)")
    #expect(try JSON(parsing: portfolio.body)["holdings"]?["AAPL"]?.int == 3)
    for name in ["out.log", "err.log"] {
      #expect(!server.log(name).contains("seven green bottles"))
      #expect(!server.log(name).contains(token))
    }
    #expect(server.stop() == 0)
  }

  @Test func `production refuses to start without its secrets and serves with them`() throws {
    let folder = try TemporaryFolder()
    let refused = try Binary.run([
      "serve", "--production", "--port", "0", "--admin-port", "0", "--data", folder.path,
    ])
    #expect(refused.status == 1)
    #expect(refused.errors.contains("[A0"), "\(refused.errors)")

    let built = try Binary.run(["build", "--out", "\(folder.path)/dist"])
    #expect(built.status == 0, "\(built.errors)")
    let before = try Self.digest(of: "\(folder.path)/dist")
    let key = String(repeating: "ab", count: 32)
    let server = try RunningServer(
      ["--production", "--bundle", "\(folder.path)/dist"], data: folder,
      environment: ["PORTICO_ACCOUNTS_MASTER_KEY": key])
    let page = server.get("/", headers: [("Accept-Encoding", "gzip, br")])
    #expect(page.header("content-encoding") == "br")
    #expect(page.header("vary")?.lowercased().contains("accept-encoding") == true)
    #expect(server.stop() == 0)
    #expect(!server.log("err.log").contains(key))
    #expect(try Self.digest(of: "\(folder.path)/dist") == before)
  }

  private static func digest(of folder: String) throws -> [String] {
    let paths = FileManager.default.enumerator(atPath: folder)?.allObjects as? [String] ?? []
    return paths.sorted().map { path in
      let size = (try? FileManager.default.attributesOfItem(atPath: "\(folder)/\(path)"))?[.size]
      return "\(path) \(size ?? 0)"
    }
  }

  @Test func `two builds are byte for byte one`() throws {
    let folder = try TemporaryFolder()
    for name in ["one", "two"] {
      let built = try Binary.run(["build", "--out", "\(folder.path)/\(name)"])
      #expect(built.status == 0, "\(built.errors)")
    }
    let difference = try Binary.run(
      ["-r", "\(folder.path)/one", "\(folder.path)/two"], program: "/usr/bin/diff")
    #expect(difference.status == 0, "\(difference.output)")
  }

  @Test func `a port in use is one clear finding`() throws {
    let server = try RunningServer()
    let second = try Binary.run([
      "serve", "--port", String(server.port), "--admin-port", "0", "--data",
      "\(server.folder.path)/other",
    ])
    #expect(second.status == 1)
    #expect(second.errors.contains("[S001]"), "\(second.errors)")
    #expect(server.stop() == 0)
  }

  static let mistakes: [(name: String, yaml: String, expected: [String])] = [
    (
      "an unknown key", "site:\n  titel: x\n",
      ["[C002]", "portico.yaml:2:3", "did you mean 'title'?", "^"]
    ),
    ("not YAML", "site: [\n", ["[C001]"]),
    ("a wrong type", "edge:\n  listener:\n    port: many\n", ["[C003]", "portico.yaml:3"]),
    ("a secret", "accounts:\n  master_key: abc\n", ["[C005]"]),
  ]

  @Test(arguments: mistakes)
  func `a mistake in the settings has code, place and remedy`(
    row: (name: String, yaml: String, expected: [String])
  ) throws {
    let folder = try TemporaryFolder()
    try row.yaml.write(toFile: "\(folder.path)/portico.yaml", atomically: true, encoding: .utf8)
    let result = try Binary.run(["build"], in: folder.path)
    #expect(result.status == 1)
    for text in row.expected {
      #expect(result.errors.contains(text), "\(row.name): \(result.errors)")
    }
    #expect(!FileManager.default.fileExists(atPath: "\(folder.path)/dist"))
  }

  @Test func `no settings, no bundle to sync, no such code`() throws {
    let folder = try TemporaryFolder()
    #expect(try Binary.run(["build"], in: folder.path).errors.contains("[C007]"))
    let explain = try Binary.run(["explain", "S001"])
    #expect(explain.status == 0 && explain.output.hasPrefix("# S001"))
    #expect(try Binary.run(["explain", "Q999"]).status == 64)
  }

  @Test func `check finds nothing wrong with what is shipped`() throws {
    let folder = try TemporaryFolder()
    _ = try Binary.run(["build", "--out", "\(folder.path)/dist"])
    let result = try Binary.run(["check", "--bundle", "\(folder.path)/dist"])
    #expect(result.status == 0, "\(result.errors)")
  }
}
