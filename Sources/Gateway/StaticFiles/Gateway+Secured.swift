// Fields that only an answer over TLS may carry: a browser that hears Strict-Transport-Security
// over plain HTTP must ignore it (RFC 6797 §8.1), and one that obeyed could be shut out.

import HTTPExchange

extension Gateway {
  /// A decision with the bundle's fields for TLS on its answer.
  func secured(_ decision: Decision) -> Decision {
    let fields = site.snapshot.secureFields
    if fields.fields.isEmpty { return decision }
    switch decision {
    case .answer(let response): return .answer(Self.adding(fields, to: response))
    case .handle(var work):
      let run = work.run
      work.run = { Self.adding(fields, to: await run($0)) }
      return .handle(work)
    }
  }

  /// The same for an answer that comes late; plain requests keep theirs as it is.
  func secured(_ response: Response, of request: Request) -> Response {
    guard request.scheme == "https" else { return response }
    return Self.adding(site.snapshot.secureFields, to: response)
  }

  private static func adding(_ fields: HeaderFields, to response: Response) -> Response {
    var response = response
    for field in fields.fields where !response.headers.contains(field.name) {
      // The head that lies ready has not got it.
      response.prepared = nil
      response.headers.append(field.name, field.value)
    }
    return response
  }
}
