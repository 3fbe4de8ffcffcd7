import Testing

@testable import Gateway

/// Matching and priority.
@Suite struct RouteTableTests {
  private static func table(_ routes: [(String, String)]) throws -> RouteTable<String> {
    var table = RouteTable<String>()
    for (method, path) in routes {
      let template = try PathTemplate(path)
      let added1 = table.add("\(method) \(path)", method: method, template: template)
      #expect(added1)
    }
    return table
  }

  private static let routes = [
    ("GET", "/"), ("GET", "/pets"), ("POST", "/pets"), ("GET", "/pets/{id}"),
    ("ANY", "/pets/dog/1"), ("GET", "/pets/dog/{id}"), ("ANY", "/pets/{proxy+}"),
    ("GET", "/{proxy+}"), ("GET", "/a/{b}/c"), ("GET", "/a/b/{c}"), ("ANY", "/$default"),
  ]

  @Test(arguments: [
    ("GET", "/", "GET /"), ("GET", "/pets", "GET /pets"), ("POST", "/pets", "POST /pets"),
    ("GET", "/pets/7", "GET /pets/{id}"), ("POST", "/pets/7", "ANY /pets/{proxy+}"),
    ("GET", "/pets/dog/1", "ANY /pets/dog/1"), ("GET", "/pets/dog/2", "GET /pets/dog/{id}"),
    ("GET", "/pets/dog/2/x", "ANY /pets/{proxy+}"), ("GET", "/x/y", "GET /{proxy+}"),
    ("POST", "/x/y", "ANY /$default"), ("DELETE", "/pets", "ANY /$default"),
    ("GET", "/a/b/c", "GET /a/b/{c}"), ("GET", "/a/x/c", "GET /a/{b}/c"),
    ("GET", "/pets/", "GET /{proxy+}"),
  ])
  func matches(_ method: String, _ path: String, _ key: String) throws {
    #expect(try Self.table(Self.routes).match(method: method, path: path)?.route == key)
  }

  @Test func theSameShapeTwiceIsRefused() throws {
    var table = RouteTable<Int>()
    let added2 = table.add(1, method: "GET", template: try PathTemplate("/a/{b}"))
    #expect(added2)
    let added3 = table.add(2, method: "GET", template: try PathTemplate("/a/{c}"))
    #expect(!added3)
    let added4 = table.add(3, method: "POST", template: try PathTemplate("/a/{c}"))
    #expect(added4)
    #expect(table.methods(path: "/a/x") == ["GET", "POST"])
  }

  @Test func parametersOfDifferentNamesKeepTheirOwn() throws {
    var table = RouteTable<Int>()
    _ = table.add(1, method: "GET", template: try PathTemplate("/a/{b}"))
    _ = table.add(2, method: "POST", template: try PathTemplate("/a/{c}"))
    #expect(table.match(method: "GET", path: "/a/1")?.parameters.first?.name == "b")
    #expect(table.match(method: "POST", path: "/a/1")?.parameters.first?.name == "c")
  }
}
