import JSON

extension ValueExpression {
  /// Reads a path, a context path or a call of an intrinsic function.
  init(parsing text: String) throws(PathSyntaxError) {
    if text.hasPrefix("$$") {
      self = .context(try JSONPath(parsing: String(text.dropFirst())))
    } else if text.hasPrefix("$") {
      self = .path(try JSONPath(parsing: text))
    } else {
      var parser = CallParser(text)
      self = try parser.whole()
    }
  }
}

/// Reads `States.Format('{} of {}', $.a, States.ArrayLength($.b))`.
private struct CallParser {
  private let text: String
  private var scanner: PathScanner

  /// AWS: "You can nest up to 10 intrinsic functions within a field".
  private static let depthMost = 10

  init(_ text: String) {
    self.text = text
    scanner = PathScanner(text)
  }

  mutating func whole() throws(PathSyntaxError) -> ValueExpression {
    let value = try call(depth: 1)
    scanner.skipSpace()
    guard scanner.isAtEnd else {
      throw PathSyntaxError(reason: "'\(scanner.rest)' follows the call")
    }
    return value
  }

  private mutating func call(depth: Int) throws(PathSyntaxError) -> ValueExpression {
    if depth > Self.depthMost {
      throw PathSyntaxError(reason: "more than \(Self.depthMost) calls within one another")
    }
    var name = ""
    while let character = scanner.current,
      character.isLetter || character.isNumber || character == "."
    {
      name.append(character)
      _ = scanner.take(character)
    }
    guard let intrinsic = Intrinsic(rawValue: name) else {
      throw PathSyntaxError(
        reason: name.hasPrefix("States.")
          ? "there is no intrinsic function '\(name)'"
          : "'\(text.prefix(40))' is neither a path nor an intrinsic function")
    }
    guard scanner.take("(") else { throw PathSyntaxError(reason: "'(' is missing after \(name)") }
    var arguments: [ValueExpression] = []
    scanner.skipSpace()
    if !scanner.take(")") {
      repeat {
        scanner.skipSpace()
        arguments.append(
          try argument(depth: depth, isTemplate: intrinsic == .format && arguments.isEmpty))
        scanner.skipSpace()
      } while scanner.take(",")
      guard scanner.take(")") else {
        throw PathSyntaxError(reason: "')' is missing after the arguments of \(name)")
      }
    }
    guard intrinsic.argumentCounts.contains(arguments.count) else {
      throw PathSyntaxError(reason: "\(name) does not take \(arguments.count) arguments")
    }
    return .call(intrinsic, arguments)
  }

  private mutating func argument(depth: Int, isTemplate: Bool) throws(PathSyntaxError)
    -> ValueExpression
  {
    switch scanner.current {
    case "'": return .literal(.string(try scanner.quoted(isTemplate: isTemplate)))
    case "$":
      _ = scanner.take("$")
      let isContext = scanner.take("$")
      let start = scanner.position
      let steps = try scanner.steps(depth: 0)
      let written = "$" + String(Array(text)[start..<scanner.position])
      let path = JSONPath(text: written, steps: steps)
      return isContext ? .context(path) : .path(path)
    case "S": return try call(depth: depth + 1)
    default: return .literal(try scanner.literal())
    }
  }
}

extension PayloadTemplate {
  /// Compiles a template; `report` is told of each value that cannot be computed, with its pointer.
  init(_ json: JSON, at pointer: String, report: (String, PathSyntaxError) -> Void) {
    switch json {
    case .array(let elements):
      self = .array(
        elements.enumerated().map {
          PayloadTemplate($1, at: "\(pointer)/\($0)", report: report)
        })
    case .object(let object):
      self = .object(
        object.map { name, value in
          let place = "\(pointer)/\(name.pointerEscaped)"
          guard name.hasSuffix(".$") else {
            let inner = PayloadTemplate(value, at: place, report: report)
            return Member(name: name, value: .template(inner))
          }
          let plain = String(name.dropLast(2))
          do throws(PathSyntaxError) {
            guard let text = value.string else {
              throw PathSyntaxError(reason: "the value of a name that ends in '.$' is a text")
            }
            return Member(name: plain, value: .expression(try ValueExpression(parsing: text)))
          } catch {
            report(place, error)
            return Member(name: plain, value: .template(.literal(.null)))
          }
        })
    default: self = .literal(json)
    }
  }
}

extension String {
  /// A name as a JSON Pointer has it (RFC 6901 §3).
  var pointerEscaped: String {
    replacing("~", with: "~0").replacing("/", with: "~1")
  }
}
