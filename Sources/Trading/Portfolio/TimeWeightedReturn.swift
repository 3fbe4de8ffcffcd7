import JSON
import Time

/// Growth that neither the time nor the size of deposits touches: the product of 1 + rᵢ over the
/// stretches between cash flows, less one.
enum TimeWeightedReturn {
  /// Money that came into the account, or went from it when negative.
  struct CashFlow: Sendable, Hashable {
    var time: Timestamp
    var amount: Cents
  }

  /// What one is in the parts that growth is counted in.
  private static let one: Int128 = 1_000_000_000_000

  /// The growth in millionths; nil when the account was worth nothing when a stretch began.
  ///
  /// A flow ends the stretch that its moment lies in: the next value, without the flow, is what the
  /// stretch came to, and with it what the following begins at.
  static func millionths(
    _ values: [(time: Timestamp, value: Cents)], flows: [CashFlow] = []
  ) -> Int? {
    guard let first = values.first, let last = values.last else { return nil }
    var growth = one
    var start = first
    func grow(to value: Cents) -> Bool {
      guard start.value > .zero, growth <= one * one else { return false }
      growth = divideHalfEven(growth * Int128(value.amount), by: Int128(start.value.amount))
      return true
    }
    var before = first.time
    for point in values.dropFirst() {
      let flowed = flows.filter { before < $0.time && $0.time <= point.time }
        .reduce(Cents.zero) { $0 + $1.amount }
      before = point.time
      if flowed == .zero { continue }
      guard grow(to: point.value - flowed) else { return nil }
      start = point
    }
    guard grow(to: last.value) else { return nil }
    return Int(exactly: divideHalfEven(growth - one, by: one / 1_000_000))
  }
}

/// A share of one as a JSON number with six decimals; null when there is none.
func fraction(_ millionths: Int?) -> JSON {
  millionths.flatMap { JSONNumber(text: decimalText($0, places: 6)) }.map { .number($0) } ?? .null
}
