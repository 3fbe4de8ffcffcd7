import AsyncHTTPClient
import HTTPExchange
import NIOCore
import Settings

/// Sends a request and answers the body; throws when there is none.
package typealias AlphaVantageFetch = @Sendable (AlphaVantageRequest) async throws -> [UInt8]

/// One call of the query function.
package struct AlphaVantageRequest: Sendable {
  let settings: AlphaVantageSettings
  /// `GLOBAL_QUOTE` …
  package let function: String
  package let parameters: [(String, String)]

  /// The address with the key: never logged.
  var address: String {
    let all = [("function", function)] + parameters + [("apikey", settings.key?.reveal() ?? "")]
    let query = all.map { "\($0)=\(PercentEncoding.encode($1))" }.joined(separator: "&")
    return "\(settings.url)?\(query)"
  }
}

/// The call over HTTP.
enum AlphaVantageHTTP {
  /// Bytes of a body; a full daily series has less than 3 MB.
  private static let bodyBytes = 8 << 20

  static let fetch: AlphaVantageFetch = { request in
    let response = try await HTTPClient.shared.execute(
      HTTPClientRequest(url: request.address),
      timeout: .milliseconds(Int64(request.settings.timeoutMilliseconds)))
    // The status says nothing: refusals come with 200, and an error page is no known answer.
    let body = try await response.body.collect(upTo: bodyBytes)
    return Array(body.readableBytesView)
  }
}
