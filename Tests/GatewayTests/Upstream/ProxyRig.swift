@testable import Gateway

extension Rig {
  /// A gateway whose `/up/{proxy+}` goes to a port of loopback.
  static func proxy(to port: Int, _ pool: UpstreamPool, timeoutMS: Int = 20_000) throws -> Rig {
    let api = """
      openapi: 3.1.0
      info: { title: T, version: "1" }
      paths:
        /up/{proxy+}:
          x-amazon-apigateway-any-method:
            responses: { default: { description: x } }
            x-amazon-apigateway-integration:
              type: http_proxy
              uri: http://127.0.0.1:\(port)/{proxy}
              httpMethod: ANY
              timeoutInMillis: \(timeoutMS)
      """
    return try Rig(
      api: api, accounts: nil,
      assemble: { $0.upstream = { pool.integration(uri: $0, method: $1, timeoutMS: $2) } })
  }
}
