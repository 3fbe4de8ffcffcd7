import Diagnostics
import JSON
import Time

/// Items from DynamoDB-JSON: lines of `{"Item":{…}}` as an export to S3 writes them, the
/// `{"Items":[…]}` that `aws dynamodb scan` prints, or bare items as the console shows them.
package struct DynamoDBImport {
  /// Makes a store's item of a table's attributes; throws what is wrong with them.
  package typealias Mapping = (JSONObject) throws(ImportFault) -> Item

  /// Findings after which reading ends.
  private static let problemsMost = 20

  private let file: String
  private let places: JSONPlaces
  private let mapping: Mapping
  private var items: [Item] = []
  private var lines: [ItemKey: Int] = [:]
  private var problems: [Diagnostic] = []
  /// How far lines were counted.
  private var counted = (offset: 0, line: 1)

  /// Whether a file begins with one of the three forms, and not with an item of our own form, whose
  /// `pk` is a plain text.
  package static func recognises(_ bytes: [UInt8]) -> Bool {
    let places = JSONPlaces(bytes: bytes)
    let start = places.skipSpace(from: 0)
    guard places.byte(at: start) == UInt8(ascii: "{") else { return false }
    if let pk = places.value("pk", at: start) {
      return places.byte(at: pk.lowerBound) != UInt8(ascii: "\"")
    }
    if ["Item", "Items"].contains(where: { places.value($0, at: start) != nil }) { return true }
    let members = places.children(at: start)
    return !members.isEmpty
      && members.allSatisfy {
        places.byte(at: $0.value.lowerBound) == UInt8(ascii: "{")
      }
  }

  /// Reads every item before any is written; throws a `DiagnosticList` with the line and the path of
  /// each fault.
  package static func items(in bytes: [UInt8], file: String, mapping: @escaping Mapping) throws
    -> [Item]
  {
    var reader = DynamoDBImport(file: file, places: JSONPlaces(bytes: bytes), mapping: mapping)
    if let array = reader.places.value("Items", at: 0) {
      reader.readScan(array)
    } else {
      reader.readValues()
    }
    if !reader.problems.isEmpty { throw DiagnosticList(reader.problems) }
    return reader.items
  }

  private init(file: String, places: JSONPlaces, mapping: @escaping Mapping) {
    self.file = file
    self.places = places
    self.mapping = mapping
  }

  private mutating func readScan(_ array: Range<Int>) {
    guard places.byte(at: array.lowerBound) == UInt8(ascii: "[") else {
      return report(array.lowerBound, ["Items"], "'Items' is an array")
    }
    let elements = places.children(at: array.lowerBound)
    if let count = places.value("Count", at: 0), let said = parsed(count, [])?.int,
      said != elements.count
    {
      report(count.lowerBound, ["Count"], "'Count' says \(said), there are \(elements.count) items")
    }
    for (number, element) in elements.enumerated() where problems.count < Self.problemsMost {
      read(element.value, ["Items", String(number)])
    }
    // What follows the array is read too, so that a file cut short is noticed.
    if problems.isEmpty, !isWhole(after: array.upperBound) {
      report(places.bytes.count, [], "the text ends before the object does")
    }
  }

  private func isWhole(after end: Int) -> Bool {
    let start = places.skipSpace(from: 0)
    let stop = places.end(of: start)
    return stop > end && places.skipSpace(from: stop) == places.bytes.count
      && places.byte(at: stop - 1) == UInt8(ascii: "}")
  }

  /// One value after the other, on a line each or on several.
  private mutating func readValues() {
    var start = places.skipSpace(from: 0)
    while start < places.bytes.count, problems.count < Self.problemsMost {
      let before = problems.count
      let end = places.end(of: start)
      readValue(start..<end)
      var next = end
      if problems.count > before, let line = problems.last?.place?.line {
        // A value that is cut short runs into the next ones: reading goes on with the next line.
        next = min(end, offset(ofLine: line + 1))
      }
      start = places.skipSpace(from: max(next, start + 1))
    }
  }

  private func offset(ofLine line: Int) -> Int {
    var offset = 0
    for _ in 1..<line {
      guard let end = places.bytes[offset...].firstIndex(of: 0x0A) else {
        return places.bytes.count
      }
      offset = end + 1
    }
    return offset
  }

  private mutating func readValue(_ range: Range<Int>) {
    guard let parsed = parsed(range, []) else { return }
    guard let object = parsed.object else {
      return report(range.lowerBound, [], "an item is an object")
    }
    guard let item = places.value("Item", at: range.lowerBound) else { return read(range, []) }
    guard object.count == 1 else {
      return report(range.lowerBound, [], "beside 'Item' there is nothing in an export's line")
    }
    read(item, ["Item"])
  }

  /// One item: its values, then what they mean.
  private mutating func read(_ range: Range<Int>, _ path: [String]) {
    guard let json = parsed(range, path) else { return }
    do throws(ImportFault) {
      let item = try mapping(try AttributeValue.attributes(json))
      let line = line(at: range.lowerBound)
      if let first = lines.updateValue(line, forKey: item.key) {
        throw ImportFault([], "'\(item.key)' stands on line \(first) already")
      }
      items.append(item)
    } catch {
      report(
        places.offset(of: error.path, at: range.lowerBound), path + error.path, error.reason)
    }
  }

  /// The line of an offset that is never before the one asked for last.
  private mutating func line(at offset: Int) -> Int {
    for byte in places.bytes[counted.offset..<max(counted.offset, offset)] where byte == 0x0A {
      counted.line += 1
    }
    counted.offset = max(counted.offset, offset)
    return counted.line
  }

  private mutating func parsed(_ range: Range<Int>, _ path: [String]) -> JSON? {
    do throws(JSONSyntaxError) {
      return try JSON(parsing: places.bytes[range])
    } catch {
      report(range.lowerBound + error.offset, path, error.reason)
      return nil
    }
  }

  private mutating func report(_ offset: Int, _ path: [String], _ reason: String) {
    let name = path.isEmpty ? "" : "\(path.joined(separator: ".")): "
    var place = Place(file: file, text: places.bytes, offset: min(offset, places.bytes.count))
    place.excerpt = place.excerpt.map { String($0.prefix(200)) }
    problems.append(
      Diagnostic(
        .importItemBroken, "the item cannot be imported: \(name)\(reason)", at: place,
        remedy: "mend it and run the import again; nothing was written"))
  }
}

extension Item {
  /// An item of a single table: `pk`, `sk`, places in the indexes, `ttl` in seconds as DynamoDB has
  /// it; everything else stays an attribute.
  package init(singleTable attributes: JSONObject) throws(ImportFault) {
    var rest = attributes
    func take(_ name: String) throws(ImportFault) -> String? {
      guard let value = rest[name] else { return nil }
      guard let text = value.string, !text.isEmpty else {
        throw ImportFault([name], "'\(name)' is a text that is not empty")
      }
      rest[name] = nil
      return text
    }
    guard let pk = try take("pk") else { throw ImportFault([], "'pk' is missing") }
    guard let sk = try take("sk") else { throw ImportFault([], "'sk' is missing") }
    var places: [IndexKey?] = []
    for index in ["g1", "g2"] {
      let (pk, sk) = (try take(index + "pk"), try take(index + "sk"))
      guard (pk == nil) == (sk == nil) else {
        throw ImportFault([], "'\(index)pk' and '\(index)sk' stand together")
      }
      places.append(pk.flatMap { pk in sk.map { IndexKey(pk, $0) } })
    }
    var expiresAt: Timestamp?
    if let ttl = rest["ttl"] {
      guard let seconds = ttl.int, (0...253_402_300_799).contains(seconds) else {
        throw ImportFault(["ttl"], "'ttl' counts seconds since 1970")
      }
      expiresAt = Timestamp(seconds: seconds)
      rest["ttl"] = nil
    }
    self.init(ItemKey(pk, sk), rest, expiresAt: expiresAt, g1: places[0], g2: places[1])
    do throws(StoreError) {
      _ = try EncodedItem(self)
    } catch {
      throw ImportFault([], "\(error)")
    }
  }
}
