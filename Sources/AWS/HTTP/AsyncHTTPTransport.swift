import AsyncHTTPClient
import NIOCore
import NIOHTTP1

/// The transport over async-http-client: HTTP/1.1, kept-alive connections, no redirects followed.
package struct AsyncHTTPTransport: HTTPTransport {
  private let client: HTTPClient

  /// - Parameters:
  ///   - connections: connections to one host at a time.
  ///   - connectTimeout: for TCP and TLS together.
  package init(connections: Int, connectTimeout: Duration = .seconds(5)) {
    var configuration = HTTPClient.Configuration(
      redirectConfiguration: .disallow,
      timeout: .init(connect: .nanoseconds(connectTimeout.nanoseconds)),
      ignoreUncleanSSLShutdown: false, decompression: .disabled)
    configuration.httpVersion = .http1Only
    configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = connections
    // We retry ourselves, with a bound and a budget.
    configuration.connectionPool.retryConnectionEstablishment = false
    client = HTTPClient(
      eventLoopGroupProvider: .shared(HTTPClient.defaultEventLoopGroup),
      configuration: configuration)
  }

  /// Closes the connections; the transport cannot be used afterwards.
  package func shutdown() async {
    // A connection that does not close cleanly has no consequence for what was already answered.
    try? await client.shutdown()
  }

  package func send(
    _ request: HTTPRequest, bodyLimit: Int, timeout: Duration
  ) async throws(TransportError) -> HTTPResponse {
    var outgoing = HTTPClientRequest(url: request.url)
    outgoing.method = HTTPMethod(rawValue: request.method)
    outgoing.headers.reserveCapacity(request.headers.count + 1)
    for header in request.headers { outgoing.headers.add(name: header.name, value: header.value) }
    if !request.body.isEmpty || request.method == "PUT" || request.method == "POST" {
      outgoing.body = .bytes(ByteBuffer(bytes: request.body))
    }
    do {
      let answer = try await client.execute(
        outgoing, deadline: .now() + .nanoseconds(timeout.nanoseconds))
      let body = try await answer.body.collect(upTo: bodyLimit)
      return HTTPResponse(
        status: Int(answer.status.code), headers: answer.headers.map { HeaderField($0, $1) },
        body: Array(body.readableBytesView))
    } catch {
      throw Self.translate(error, bodyLimit: bodyLimit)
    }
  }

  private static func translate(_ error: any Error, bodyLimit: Int) -> TransportError {
    switch error {
    case is CancellationError: return .cancelled
    case is NIOTooManyBytesError: return .tooLong(limit: bodyLimit)
    case let error as HTTPClientError:
      switch error {
      case .cancelled: return .cancelled
      case .connectTimeout: return .unreachable("no connection in time")
      case .deadlineExceeded, .readTimeout, .writeTimeout, .getConnectionFromPoolTimeout:
        return .timedOut
      case .remoteConnectionClosed: return .lost("closed before the answer was whole")
      case .invalidURL, .emptyHost, .emptyScheme: return .unreachable("the address is not valid")
      default: return .lost(error.shortDescription)
      }
    case let error as IOError: return .lost(Self.known(in: "\(error)"))
    default: return .unreachable(Self.known(in: "\(error)"))
    }
  }

  /// NIO's connection error lists every address tried; a person needs the reason alone.
  private static func known(in text: String) -> String {
    let reasons = [
      ("Connection refused", "the connection was refused"),
      ("Connection reset", "the connection was reset"),
      ("No route to host", "there is no route to it"),
      ("Network is unreachable", "the network is unreachable"),
      ("Broken pipe", "the connection broke"),
      ("CERTIFICATE_VERIFY_FAILED", "its certificate is not trusted"),
      ("WRONG_VERSION_NUMBER", "it does not speak TLS; is it http://?"),
      ("dnsAError", "its name is not known"),
      ("NoSuchRecord", "its name is not known"),
    ]
    for (needle, reason) in reasons where text.contains(needle) { return reason }
    return String(text.prefix(200))
  }
}

extension Duration {
  fileprivate var nanoseconds: Int64 {
    let (seconds, attoseconds) = components
    return seconds * 1_000_000_000 + attoseconds / 1_000_000_000
  }
}
