import JSON

/// A state machine that was read and found complete: every transition has its target, every path
/// and every function is known.
package struct StateMachine: Sendable {
  /// The name it is started by.
  package let name: String
  /// The document as it was read.
  package let document: JSON
  let startAt: String
  /// Seconds the whole execution may take.
  let timeoutSeconds: Int?
  let states: [String: State]

  /// AWS's limits (docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html).
  package enum Limits {
    /// Bytes of the input or the output of a state, a task or an execution.
    package static let payloadBytes = 262_144
    /// Events of one execution.
    package static let events = 25_000
    /// Characters of the name of a machine, a state or an execution.
    package static let nameCharacters = 1...80
    /// Bytes of a definition.
    package static let definitionBytes = 1_048_576
  }

  /// Whether AWS would take this as the name of an execution.
  package static func isName(_ text: String) -> Bool {
    Limits.nameCharacters.contains(text.count)
      && text.unicodeScalars.allSatisfy { scalar in
        scalar.value > 0x20 && !(0x7F...0x9F).contains(scalar.value)
          && !"<>{}[]?*\"#%\\^|~`$&,;:/".unicodeScalars.contains(scalar)
      }
  }
}

/// One state.
struct State: Sendable {
  var name: String
  var kind: Kind
  var inputPath: Selection = .whole
  var outputPath: Selection = .whole
  var next: Transition = .end

  enum Kind: Sendable {
    case pass(PassFields)
    case task(TaskFields)
    case choice([ChoiceRule], otherwise: String?)
    case wait(WaitFields)
    case succeed
    case fail(error: TextField?, cause: TextField?)
  }

  /// `Pass`, `Task` …: the beginning of its events' names.
  var typeName: String {
    switch kind {
    case .pass: "Pass"
    case .task: "Task"
    case .choice: "Choice"
    case .wait: "Wait"
    case .succeed: "Succeed"
    case .fail: "Fail"
    }
  }
}

/// Where an execution goes next.
enum Transition: Sendable, Hashable {
  case end
  case next(String)
}

/// `InputPath` and `OutputPath`.
enum Selection: Sendable, Hashable {
  case whole
  /// `null`: an empty object.
  case nothing
  case value(ValueExpression)

  func apply(_ scope: EvaluationScope, field: String) throws(StateError) -> JSON {
    switch self {
    case .whole: scope.document
    case .nothing: [:]
    case .value(let expression): try expression.value(scope, field: field)
    }
  }
}

/// `ResultPath`.
enum ResultPlace: Sendable, Hashable {
  case whole
  /// `null`: the input stays, the result is dropped.
  case discard
  case at(JSONPath)

  /// Puts a result into the input.
  func combine(_ result: JSON, into input: JSON) throws(StateError) -> JSON {
    switch self {
    case .whole: return result
    case .discard: return input
    case .at(let path):
      guard let combined = Self.write(result, at: path.steps[...], into: input) else {
        throw StateError(
          "States.ResultPathMatchFailure",
          "Unable to apply step \"\(path.text)\" to input \(input.text.prefix(2048))")
      }
      return combined
    }
  }

  private static func write(
    _ value: JSON, at steps: ArraySlice<JSONPath.Step>, into target: JSON?
  ) -> JSON? {
    guard let step = steps.first else { return value }
    switch step {
    case .names(let names):
      var object: JSONObject
      switch target {
      case .object(let present): object = present
      case nil: object = JSONObject()
      default: return nil
      }
      guard let inner = write(value, at: steps.dropFirst(), into: object[names[0]]) else {
        return nil
      }
      object[names[0]] = inner
      return .object(object)
    case .indices(let indices):
      guard var array = target?.array, array.indices.contains(indices[0]),
        let inner = write(value, at: steps.dropFirst(), into: array[indices[0]])
      else { return nil }
      array[indices[0]] = inner
      return .array(array)
    default: return nil
    }
  }
}

struct PassFields: Sendable {
  var result: JSON?
  var parameters: PayloadTemplate?
  var resultPath: ResultPlace = .whole
}

struct TaskFields: Sendable {
  var resource: TaskResource
  var parameters: PayloadTemplate?
  var resultSelector: PayloadTemplate?
  var resultPath: ResultPlace = .whole
  var timeout: NumberField?
  var heartbeat: NumberField?
  var retriers: [Retrier] = []
  var catchers: [Catcher] = []
}

enum WaitFields: Sendable {
  case seconds(NumberField)
  case timestamp(TextField)
}

/// A number written down, or found by a path when the state runs.
enum NumberField: Sendable, Hashable {
  case literal(Int)
  case path(ValueExpression)
}

/// A text written down, or found by a path or a call when the state runs.
enum TextField: Sendable, Hashable {
  case literal(String)
  case path(ValueExpression)
}

/// One entry of `Catch`.
struct Catcher: Sendable {
  var errors: [String]
  var next: String
  var resultPath: ResultPlace = .whole
}

extension StateMachine {
  /// What its tasks call, by the name of the state.
  package var tasks: [(state: String, resource: TaskResource)] {
    states.values.compactMap { state in
      guard case .task(let task) = state.kind else { return nil }
      return (state.name, task.resource)
    }.sorted { $0.state < $1.state }
  }
}
