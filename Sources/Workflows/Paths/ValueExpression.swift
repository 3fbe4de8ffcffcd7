import JSON
import Time

/// Why a state cannot go on: an error name and a cause, as AWS gives them.
package struct StateError: Error, Sendable, Hashable {
  /// `States.Runtime`, `InsufficientFunds` …
  package var name: String
  package var cause: String

  package init(_ name: String, _ cause: String) {
    self.name = name
    self.cause = cause
  }
}

/// What an expression can see, and the chance it may use.
struct EvaluationScope {
  /// The state's input, or its result.
  var document: JSON
  let environment: WorkflowEnvironment
  private let makeContext: @Sendable () -> JSON

  /// The context object, `$$`: made only for the expressions that look at it.
  var context: JSON { makeContext() }

  init(
    document: JSON, context: @autoclosure @escaping @Sendable () -> JSON,
    environment: WorkflowEnvironment
  ) {
    self.document = document
    self.environment = environment
    makeContext = context
  }
}

/// Chance and digests from outside, so that tests decide the one and this target needs no OpenSSL.
package struct WorkflowEnvironment: Sendable {
  /// 64 random bits.
  package var randomBits: @Sendable () -> UInt64
  /// The digest of bytes by `MD5`, `SHA-1`, `SHA-256`, `SHA-384` or `SHA-512`; nil when there is no
  /// such algorithm.
  package var digest: @Sendable (_ algorithm: String, _ bytes: [UInt8]) -> [UInt8]?

  package init(
    randomBits: @escaping @Sendable () -> UInt64 = { UInt64.random(in: .min ... .max) },
    digest: @escaping @Sendable (String, [UInt8]) -> [UInt8]? = { _, _ in nil }
  ) {
    self.randomBits = randomBits
    self.digest = digest
  }

  /// A number from 0 up to 1.
  var unit: Double { Double(randomBits() >> 11) / 9_007_199_254_740_992 }
}

/// The value of a field whose name ends in `.$`: a path, a path into `$$`, or a call.
indirect enum ValueExpression: Sendable, Hashable {
  case path(JSONPath)
  case context(JSONPath)
  case literal(JSON)
  case call(Intrinsic, [ValueExpression])

  /// The value; `field` names the place for the message.
  func value(_ scope: EvaluationScope, field: String) throws(StateError) -> JSON {
    switch self {
    case .literal(let value): return value
    case .path(let path):
      guard let value = path.value(in: scope.document) else {
        throw Self.notFound("\(path.text)", field, in: scope.document)
      }
      return value
    case .context(let path):
      guard let value = path.value(in: scope.context) else {
        throw Self.notFound("$\(path.text)", field, in: scope.context)
      }
      return value
    case .call(let intrinsic, let arguments):
      var values: [JSON] = []
      for argument in arguments { values.append(try argument.value(scope, field: field)) }
      return try intrinsic.apply(values, scope.environment)
    }
  }

  /// AWS reports a missing path as `States.Runtime` with these words.
  private static func notFound(_ path: String, _ field: String, in document: JSON) -> StateError {
    StateError(
      "States.Runtime",
      "The JSONPath '\(path)' specified for the field '\(field)' could not be found in the input "
        + "'\(document.text.prefix(2048))'")
  }
}

/// `Parameters` and `ResultSelector`: JSON in which some values are computed.
indirect enum PayloadTemplate: Sendable, Hashable {
  case literal(JSON)
  case array([PayloadTemplate])
  case object([Member])

  struct Member: Sendable, Hashable {
    var name: String
    var value: Value

    enum Value: Sendable, Hashable {
      case template(PayloadTemplate)
      case expression(ValueExpression)
    }
  }

  func value(_ scope: EvaluationScope) throws(StateError) -> JSON {
    switch self {
    case .literal(let value): return value
    case .array(let elements):
      var values: [JSON] = []
      for element in elements { values.append(try element.value(scope)) }
      return .array(values)
    case .object(let members):
      var object = JSONObject()
      for member in members {
        switch member.value {
        case .template(let template): object[member.name] = try template.value(scope)
        case .expression(let expression):
          object[member.name] = try expression.value(scope, field: "\(member.name).$")
        }
      }
      return .object(object)
    }
  }
}
