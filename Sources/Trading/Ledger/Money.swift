import JSON

// Trading: orders, cash, positions and the ledger that proves them. All amounts are integers.

/// Money in cents; never a binary float.
package struct Cents: Sendable, Hashable, Comparable {
  /// The amount; negative is owed.
  package var amount: Int

  package init(_ amount: Int) { self.amount = amount }

  package static let zero = Cents(0)

  package static func < (left: Cents, right: Cents) -> Bool { left.amount < right.amount }
  package static func + (left: Cents, right: Cents) -> Cents { Cents(left.amount + right.amount) }
  package static func - (left: Cents, right: Cents) -> Cents { Cents(left.amount - right.amount) }
  package static prefix func - (value: Cents) -> Cents { Cents(-value.amount) }

  /// `1234.50`, as the documents' string fields have it.
  package var text: String { decimalText(amount, places: 2) }

  /// The same as a JSON number made from the integer.
  package var json: JSON { .number(JSONNumber(text: text) ?? JSONNumber(0)) }
}

/// A price in ten-thousandths of a dollar.
package struct Price: Sendable, Hashable, Comparable {
  /// Ten-thousandths.
  package var units: Int

  package init(units: Int) { self.units = units }

  /// Reads `150.25` exactly; nil for more than four decimals, for zero and below.
  package init?(_ number: JSONNumber) {
    guard let units = number.scaled(by: 4), units > 0, units <= Self.most else { return nil }
    self.units = units
  }

  /// Ten million dollars: above it a product could leave what a commit can hold.
  private static let most = 100_000_000_000

  package static func < (left: Price, right: Price) -> Bool { left.units < right.units }

  /// Two decimals where that is exact, else four (SEC Rule 612: below a dollar).
  package var text: String {
    units % 100 == 0 ? decimalText(units / 100, places: 2) : decimalText(units, places: 4)
  }

  /// The same as a JSON number.
  package var json: JSON { .number(JSONNumber(text: text) ?? JSONNumber(0)) }

  /// Whether it is a price that orders may name: in cents, below a dollar in hundredths of them
  /// (SEC Rule 612).
  package var isOnTick: Bool { units < 10_000 || units % 100 == 0 }

  /// The whole amount of that many shares, rounded half to even; nil when it is beyond any account.
  package func total(of quantity: Int) -> Cents? {
    let exact = Int128(units) * Int128(quantity)
    return Int(exactly: divideHalfEven(exact, by: 100)).flatMap {
      abs($0) < 1 << 60 ? Cents($0) : nil
    }
  }

  /// Whether `other` is worse than this by more than a share in thousandths.
  package func isExceeded(by other: Price, permille: Int, upwards: Bool) -> Bool {
    let limit = Int128(units) * Int128(upwards ? 1000 + permille : 1000 - permille)
    let actual = Int128(other.units) * 1000
    return upwards ? actual > limit : actual < limit
  }
}

/// Division rounded half to even: over many trades the cents lean neither way.
package func divideHalfEven(_ value: Int128, by divisor: Int128) -> Int128 {
  let (quotient, remainder) = value.quotientAndRemainder(dividingBy: divisor)
  let twice = abs(remainder) * 2
  let step: Int128 = value < 0 ? -1 : 1
  if twice > divisor || (twice == divisor && quotient % 2 != 0) { return quotient + step }
  return quotient
}

/// An integer with its decimal point moved in from the right.
package func decimalText(_ value: Int, places: Int) -> String {
  let digits = String(value.magnitude)
  let padded = String(repeating: "0", count: max(0, places + 1 - digits.count)) + digits
  let sign = value < 0 ? "-" : ""
  return "\(sign)\(padded.dropLast(places)).\(padded.suffix(places))"
}
