import HTTPExchange
import JSON
import NIOCore

/// A JSON body as document 004 asks for it, with its messages for what is wrong.
enum JSONBody {
  /// Beyond that no body of ours goes.
  static let limitBytes = 16 << 10

  /// The members of the body, or the 400 that document 004 answers.
  static func object(of request: Request) async throws -> JSONObject {
    let buffer: ByteBuffer
    do {
      buffer = try await request.body.collect(upTo: limitBytes)
    } catch is BodyTooLarge {
      throw Problem(
        status: 413, error: "body_too_large", message: "Body exceeds \(limitBytes) bytes")
    }
    if buffer.readableBytes == 0 {
      throw Problem(status: 400, error: "invalid_request", message: "Missing request body")
    }
    let limits = JSON.Limits(depth: 8, bytes: limitBytes)
    guard let json = try? JSON(parsing: buffer.readableBytesView, limits: limits) else {
      throw Problem(
        status: 400, error: "invalid_request", message: "Invalid JSON in request body")
    }
    guard let object = json.object else { throw invalid([([], "Expected object")]) }
    return object
  }

  /// The 400 with the places of what is wrong.
  static func invalid(_ errors: [(path: [String], message: String)]) -> Problem {
    Problem(
      status: 400, error: "invalid_request", message: "Invalid request body",
      details: JSONObject([
        (
          "errors",
          .array(
            errors.map { error in
              ["path": .array(error.path.map(JSON.string)), "message": .string(error.message)]
            })
        )
      ]))
  }

  /// A text member: absent, of another kind, or the text.
  static func text(_ object: JSONObject, _ name: String) -> Result<String, FieldError> {
    guard let value = object[name], value != .null else { return .failure(.missing) }
    guard let text = value.string else { return .failure(.notText) }
    return .success(text)
  }

  enum FieldError: Error {
    case missing
    case notText

    var message: String { self == .missing ? "Required" : "Expected string" }
  }
}
