import AsyncHTTPClient
import HTTPExchange
import NIOCore
import NIOHTTP1
import Time

/// Passes a request on to an upstream and its answer back, streaming both ways.
struct UpstreamIntegration: Integration {
  let pool: UpstreamPool
  let target: UpstreamTarget
  /// The upstream's method, or nil for the client's.
  let method: String?
  let firstByteMS: Int

  var name: String { target.authority }
  var streamsBody: Bool { true }

  /// Methods that may be sent twice (RFC 9110 §9.2.2).
  private static let idempotent: Set<String> = ["GET", "HEAD", "OPTIONS", "PUT", "DELETE"]

  func respond(_ request: Request, _ context: RequestContext) async throws -> Response {
    let outgoing = make(request, context)
    let answer: HTTPClientResponse
    do {
      answer = try await pool.client.execute(
        outgoing, timeout: .milliseconds(Int64(firstByteMS)))
    } catch {
      guard Self.idempotent.contains(outgoing.method.rawValue), Self.mayRepeat(error),
        request.body.buffer != nil
      else { throw Self.failure(error) }
      // One more try, since a kept connection may have ended just then.
      do {
        answer = try await pool.client.execute(
          outgoing, timeout: .milliseconds(Int64(firstByteMS)))
      } catch { throw Self.failure(error) }
    }
    return try await response(answer, to: request, context)
  }

  // MARK: Request

  private func make(_ request: Request, _ context: RequestContext) -> HTTPClientRequest {
    var outgoing = HTTPClientRequest(url: target.url(request, context))
    outgoing.method = HTTPMethod(rawValue: method ?? request.method)
    for field in HopByHop.endToEnd(request.headers) {
      switch field.name.lowercased() {
      // Made anew from what is known, never passed on as a client wrote them.
      case "host", "content-length", "expect", "via", "forwarded", "x-forwarded-for",
        "x-forwarded-proto", "x-forwarded-host", "traceparent", "x-amzn-trace-id":
        continue
      default: outgoing.headers.add(name: field.name, value: field.value)
      }
    }
    outgoing.headers.add(name: "via", value: HopByHop.via(request.headers.joined("via")))
    outgoing.headers.add(name: "x-forwarded-for", value: context.sourceAddress)
    outgoing.headers.add(name: "x-forwarded-proto", value: request.scheme)
    outgoing.headers.add(name: "x-forwarded-host", value: request.authority)
    outgoing.headers.add(name: "forwarded", value: forwarded(request, context))
    outgoing.headers.add(name: "traceparent", value: context.trace.traceparent)
    outgoing.headers.add(name: "x-amzn-trace-id", value: context.trace.amazon)
    switch request.body {
    case .empty: break
    case .bytes(let buffer):
      if buffer.readableBytes > 0 { outgoing.body = .bytes(buffer) }
    case .stream(let stream):
      if stream.length != 0 {
        outgoing.body = .stream(stream, length: stream.length.map { .known(Int64($0)) } ?? .unknown)
      }
    }
    return outgoing
  }

  /// RFC 7239 §4; an IPv6 address is quoted and bracketed.
  private func forwarded(_ request: Request, _ context: RequestContext) -> String {
    let address = context.sourceAddress
    let node = address.utf8.contains(UInt8(ascii: ":")) ? "\"[\(address)]\"" : address
    return "for=\(node);host=\"\(request.authority)\";proto=\(request.scheme)"
  }

  // MARK: Answer

  private func response(
    _ answer: HTTPClientResponse, to request: Request, _ context: RequestContext
  ) async throws -> Response {
    var received = HeaderFields()
    for field in answer.headers { received.append(field.name, field.value) }
    var headers = HeaderFields(HopByHop.endToEnd(received))
    headers.remove("content-length")
    headers["via"] = HopByHop.via(received.joined("via"))
    let status = Int(answer.status.code)
    let length = received["content-length"].flatMap { Int($0) }
    if request.method == "HEAD" || status == 204 || status == 304 || length == 0 {
      if let length { headers.append("content-length", String(length)) }
      return Response(status: status, headers: headers)
    }
    if let length, length <= pool.settings.joinedBytes {
      do {
        let body = try await answer.body.collect(upTo: length)
        return Response(status: status, headers: headers, body: .bytes(body))
      } catch { throw Self.failure(error) }
    }
    let deadline = context.startedAt + .milliseconds(pool.settings.totalTimeoutMS)
    let clock = context.clock
    // Silence is bounded by the read timeout, so a look at the clock with each part is enough.
    let bounded = answer.body.map { @Sendable chunk throws -> ByteBuffer in
      guard clock.monotonic() < deadline else {
        throw IntegrationFailure.unavailable("the whole answer took too long")
      }
      return chunk
    }
    return Response(
      status: status, headers: headers, body: .stream(BodyStream(bounded, length: length)))
  }

  // MARK: Failures

  /// Failures before any byte of an answer that say nothing about the request itself.
  private static func mayRepeat(_ error: any Error) -> Bool {
    if let error = error as? HTTPClientError { return error == .remoteConnectionClosed }
    return error is IOError || error is ChannelError
  }

  private static func failure(_ error: any Error) -> any Error {
    switch error {
    case is CancellationError, is BodyTooLarge: error
    case is HTTPParserError: IntegrationFailure.malformed("\(error)")
    default: IntegrationFailure.unavailable("\(error)")
    }
  }
}
