import Diagnostics
import HTTPExchange
import JSON

/// Compiles schemas of one document; whatever is not honoured is refused with its JSON Pointer.
final class SchemaCompiler {
  /// The document that local references (`#/…`) are resolved in.
  private let document: JSON
  private let place: Place?
  private var nodes: [SchemaNode] = []
  private var byPointer: [String: Int] = [:]
  /// Schemas that are applied to the same value, to find those that never come to an end.
  private var inPlace: [Int: [Int]] = [:]
  private var pending: [(schema: JSON, pointer: String, index: Int)] = []
  private(set) var findings: [Diagnostic] = []
  private static let maximumNodes = 20_000

  /// A compiler for the schemas of a document.
  ///
  /// - Parameters:
  ///   - document: what `#` names.
  ///   - place: where findings are said to be.
  init(document: JSON, place: Place? = nil) {
    self.document = document
    self.place = place
  }

  /// Compiles a whole document that is a schema.
  static func compile(_ schema: JSON, place: Place? = nil) throws(DiagnosticList) -> JSONSchema {
    let compiler = SchemaCompiler(document: schema, place: place)
    return try compiler.compile(schema, pointer: "")
  }

  /// Compiles one schema that stands at a pointer of the document.
  func compile(_ schema: JSON, pointer: String) throws(DiagnosticList) -> JSONSchema {
    let root = enqueue(schema, pointer)
    while let next = pending.popLast() {
      let node = self.node(next.schema, next.pointer, next.index)
      nodes[next.index] = node
    }
    refuseEndless()
    if !findings.isEmpty { throw DiagnosticList(findings) }
    return JSONSchema(nodes: nodes, root: root)
  }

  // MARK: What the keywords' readers use

  /// The index of a schema, which is compiled before the end.
  func enqueue(_ schema: JSON, _ pointer: String) -> Int {
    if let known = byPointer[pointer] { return known }
    let index = nodes.count
    nodes.append(.always)
    byPointer[pointer] = index
    if index < Self.maximumNodes {
      pending.append((schema, pointer, index))
    } else if index == Self.maximumNodes {
      refuse("has more than \(Self.maximumNodes) parts", pointer)
    }
    return index
  }

  func refuse(_ reason: String, _ pointer: String, remedy: String? = nil) {
    let name = pointer.isEmpty ? "the schema" : "the schema at '#\(pointer)'"
    findings.append(Diagnostic(.schemaInvalid, "\(name) \(reason)", at: place, remedy: remedy))
  }

  /// One step further in a pointer (RFC 6901 §4).
  static func step(_ pointer: String, _ token: String) -> String {
    "\(pointer)/\(token.replacing("~", with: "~0").replacing("/", with: "~1"))"
  }

  // MARK: Nodes

  private func node(_ schema: JSON, _ pointer: String, _ index: Int) -> SchemaNode {
    switch schema {
    case .bool(let value): return value ? .always : .never
    case .object(let object):
      var reader = KeywordReader(compiler: self, object: object, pointer: pointer)
      let assertions = reader.assertions()
      inPlace[index] = reader.sameValue
      return assertions.isEmpty ? .always : .assertions(assertions)
    default:
      refuse("is neither an object nor a truth value", pointer)
      return .never
    }
  }

  /// Resolves `#` and `#/…` (core §8.2.3.1 with a JSON Pointer fragment); nothing is ever fetched.
  func resolve(_ reference: String, from pointer: String) -> Int? {
    guard reference.hasPrefix("#") else {
      refuse(
        "refers to '\(reference)', which is in another document", pointer,
        remedy: "copy it below 'components/schemas' or '$defs' and refer to it as '#/…'")
      return nil
    }
    let fragment = PercentEncoding.decode(reference.dropFirst())
    guard fragment.isEmpty || fragment.hasPrefix("/") else {
      refuse("refers to the anchor '\(reference)', which is not honoured", pointer)
      return nil
    }
    var current = document
    var canonical = ""
    for part in fragment.split(separator: "/", omittingEmptySubsequences: false).dropFirst() {
      let token = String(part).replacing("~1", with: "/").replacing("~0", with: "~")
      let next = current.array != nil ? Int(token).flatMap { current[$0] } : current[token]
      guard let next else {
        refuse("refers to '\(reference)', which does not exist", pointer)
        return nil
      }
      current = next
      canonical = Self.step(canonical, token)
    }
    return enqueue(current, canonical)
  }

  /// Refuses schemas that apply themselves to the same value for ever, such as two references to
  /// each other (core §9.4.1).
  private func refuseEndless() {
    enum Mark { case open, done }
    var marks: [Int: Mark] = [:]
    for start in nodes.indices where marks[start] == nil {
      var stack: [(node: Int, next: Int)] = [(start, 0)]
      marks[start] = .open
      while let top = stack.last {
        let edges = inPlace[top.node] ?? []
        guard top.next < edges.count else {
          marks[top.node] = .done
          stack.removeLast()
          continue
        }
        stack[stack.count - 1].next += 1
        let target = edges[top.next]
        switch marks[target] {
        case .done: continue
        case .open:
          let pointer = byPointer.first { $0.value == target }?.key ?? ""
          refuse("applies itself to the same value without end", pointer)
          return
        case nil:
          marks[target] = .open
          stack.append((target, 0))
        }
      }
    }
  }
}
