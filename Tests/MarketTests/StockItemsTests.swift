import Diagnostics
import JSON
import Store
import Testing
import Time

@testable import Market

/// The table `Stockitems` of the founding document.
@Suite("Stockitems")
struct StockItemsTests {
  private func item(_ text: String) throws -> Item {
    let attributes = try AttributeValue.attributes(JSON(parsing: text))
    return try StockItems.item(attributes)
  }

  @Test func `the document's item is an instrument`() throws {
    let text = """
      {
        "symbol": {
          "S": "NVDA"
        },
        "name": {
          "S": "NVIDIA Corporation"
        },
        "price": {
          "N": "904.7"
        }
      }
      """
    let item = try item(text)
    #expect(item.key == ItemKey("STOCK#NVDA", "META"))
    #expect(item.g1 == IndexKey("CATALOG", "NVDA"))
    #expect(item["name"]?.string == "NVIDIA Corporation")
    #expect(item["price"]?.number?.text == "904.7")
    let spaced = text.replacing("\"name\"", with: "\"name \"")
    #expect(try self.item(spaced) == item)
  }

  static let wrong: [(text: String, path: [String])] = [
    (#"{"symbol":{"S":"nvda"},"name":{"S":"N"},"price":{"N":"1"}}"#, ["symbol"]),
    (#"{"symbol":{"S":"ABCDEFGHIJK"},"name":{"S":"N"},"price":{"N":"1"}}"#, ["symbol"]),
    (#"{"symbol":{"N":"1"},"name":{"S":"N"},"price":{"N":"1"}}"#, ["symbol"]),
    (#"{"symbol":{"S":"A"},"name ":{"S":" "},"price":{"N":"1"}}"#, ["name "]),
    (#"{"symbol":{"S":"A"},"price":{"N":"1"}}"#, []),
    (#"{"symbol":{"S":"A"},"name":{"S":"N"},"name ":{"S":"M"},"price":{"N":"1"}}"#, ["name "]),
    (#"{"symbol":{"S":"A"},"name":{"S":"N"},"price":{"N":"0"}}"#, ["price"]),
    (#"{"symbol":{"S":"A"},"name":{"S":"N"},"price":{"N":"1.00001"}}"#, ["price"]),
    (#"{"symbol":{"S":"A"},"name":{"S":"N"},"price":{"S":"cheap"}}"#, ["price"]),
    (#"{"symbol":{"S":"A"},"name":{"S":"N"}}"#, []),
  ]

  @Test(arguments: wrong)
  func `a row that is wrong says where`(row: (text: String, path: [String])) throws {
    do {
      _ = try item(row.text)
      Issue.record("it was taken: \(row.text)")
    } catch let fault as ImportFault {
      #expect(fault.path == row.path, "\(fault)")
    }
  }
}
