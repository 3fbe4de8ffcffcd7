import AsyncHTTPClient
import Diagnostics
import HTTPExchange
import JSON
import NIOCore
import NIOHTTP1
import Time
import Tokens

/// Brings an issuer's keys over HTTP: its discovery document where none says where they are, then
/// the set itself. Bounded in bytes; time is bounded by `IssuerKeys`; redirects are not followed.
struct KeySetFetch: Sendable {
  /// Why keys could not be brought.
  enum Failure: Error, CustomStringConvertible, Equatable {
    case address(String)
    case status(Int, String)
    case redirect(String)
    case tooLarge(String)
    case malformed(String)
    case discovery(String)
    case transport(String)

    var description: String {
      switch self {
      case .address(let url): "'\(url)' is no address that keys may be fetched from"
      case .status(let status, let url): "'\(url)' answers \(status)"
      case .redirect(let url): "'\(url)' redirects, which is not followed"
      case .tooLarge(let url): "'\(url)' answers more than 150,000 bytes"
      case .malformed(let url): "'\(url)' answers no JSON"
      case .discovery(let defect): defect
      case .transport(let text): text
      }
    }
  }

  let client: HTTPClient
  /// Until an answer begins; `IssuerKeys` bounds the whole.
  let headTimeout = TimeAmount.seconds(5)

  func keys(of location: IssuerLocation) async throws -> FetchedKeys {
    let url: String
    if let known = location.keySetURL {
      url = known
    } else {
      url = try await discover(location.issuer)
    }
    let answer = try await get(url, limit: FetchedKeys.bytesMost)
    do throws(JSONSyntaxError) {
      return try FetchedKeys(body: answer.body, cacheControl: answer.cacheControl)
    } catch {
      throw Failure.malformed(url)
    }
  }

  private func discover(_ issuer: String) async throws -> String {
    let place = IssuerMetadata.location(of: issuer)
    let answer = try await get(place, limit: IssuerMetadata.bytesMost)
    let url: String
    do throws(IssuerMetadata.Defect) {
      url = try IssuerMetadata(body: answer.body, issuer: issuer).keySetURL
    } catch {
      throw Failure.discovery(error.rawValue)
    }
    guard Self.mayName(url, issuer: issuer) else {
      throw Failure.discovery(IssuerMetadata.Defect.insecure.rawValue)
    }
    return url
  }

  /// A document that came from elsewhere must not send us to a plain port of this machine.
  static func mayName(_ url: String, issuer: String) -> Bool {
    url.lowercased().hasPrefix("https://") || !issuer.lowercased().hasPrefix("https://")
  }

  private func get(_ url: String, limit: Int) async throws -> (
    body: [UInt8], cacheControl: String?
  ) {
    guard IssuerMetadata.isTrustworthy(url), !UpstreamTarget.isForbidden(url) else {
      throw Failure.address(url)
    }
    var request = HTTPClientRequest(url: url)
    request.headers.add(name: "accept", value: "application/json")
    do {
      let answer = try await client.execute(request, timeout: headTimeout)
      let status = Int(answer.status.code)
      if (300..<400).contains(status) { throw Failure.redirect(url) }
      guard status == 200 else { throw Failure.status(status, url) }
      let body = try await answer.body.collect(upTo: limit)
      let field = answer.headers[canonicalForm: "cache-control"].joined(separator: ",")
      return (Array(body.readableBytesView), field.isEmpty ? nil : field)
    } catch is NIOTooManyBytesError {
      throw Failure.tooLarge(url)
    } catch let failure as Failure {
      throw failure
    } catch is CancellationError {
      throw CancellationError()
    } catch {
      throw Failure.transport("'\(url)': \(error)")
    }
  }
}

extension UpstreamPool {
  /// The keys of remote issuers, fetched over this pool's connections.
  package func issuers(
    clock: any TimeSource, report: @escaping @Sendable (Diagnostic) -> Void
  ) -> RemoteIssuers {
    let fetch = KeySetFetch(client: client)
    return RemoteIssuers(clock: clock, report: report) { try await fetch.keys(of: $0) }
  }
}
