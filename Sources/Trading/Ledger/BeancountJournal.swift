import JSON
import Time

/// One account's ledger as a Beancount journal (beancount.github.io/docs/beancount_language_syntax),
/// so that an independent program proves it: every transaction, then what is stored as assertions.
package struct BeancountJournal: Sendable {
  /// How sold shares relieve their cost.
  package enum Booking: String, Sendable, CaseIterable {
    /// As Portico keeps it: at the average cost. Beancount has no such method that is exact, so each
    /// sale names its relieved cost (booking `NONE`).
    case average
    /// Beancount relieves the oldest lots itself: a sale of shares that are not there is an error.
    case fifo
  }

  /// What a journal begins with, once for all accounts. Nothing is forgiven but what dividing a
  /// total by the shares leaves behind the twentieth digit.
  package static let header = """
    option "title" "Portico"
    option "operating_currency" "USD"
    option "tolerance_multiplier" "0.000001"

    """

  private let booking: Booking
  private let root: String
  private var date: String
  private var opened: Set<String> = []

  /// The journal of a user whose account was opened then.
  package init(user: String, openedAt: Timestamp, booking: Booking) {
    self.booking = booking
    root = "U-" + Self.escaped(user)
    date = openedAt.isoDate
  }

  /// The accounts that every journal has.
  package func opening(user: String) -> String {
    let note = "  user: \(Self.quoted(user))\n"
    return ["Assets:\(root):Cash", "Equity:\(root):Funding", "Income:\(root):Realised"]
      .map { "\(date) open \($0) USD\n\(note)" }.joined()
  }

  /// The funding of the account.
  package func funding(_ cash: Cents) -> String {
    """
    \(date) * "funding"
      entry: 1
      Assets:\(root):Cash  \(cash.text) USD
      Equity:\(root):Funding  \((-cash).text) USD

    """
  }

  /// A fill as it was booked, with the position's opening when it is the first of its symbol.
  package mutating func transaction(_ fill: Fill, entry: Int) -> String {
    // Beancount orders by date: a clock that was set back must not turn entries round.
    date = max(date, fill.time.isoDate)
    let commodity = Self.commodity(fill.symbol)
    let shares = "Assets:\(root):\(Self.escaped(fill.symbol))"
    var text = ""
    if opened.insert(fill.symbol).inserted {
      let method = booking == .fifo ? "FIFO" : "NONE"
      text += "\(date) open \(shares) \(commodity) \"\(method)\"\n"
    }
    text += """
      \(date) * "\(fill.side.rawValue) \(fill.quantity) \(commodity) at \(fill.price.text)"
        entry: \(entry)
        fill: "\(fill.id)"
        order: "\(fill.orderID)"
        time: "\(fill.time.iso8601)"

      """
    let total = fill.total.text
    switch (fill.side, booking) {
    case (.buy, _):
      text += "  \(shares)  \(fill.quantity) \(commodity) {{\(total) USD}}\n"
      text += "  Assets:\(root):Cash  \((-fill.total).text) USD\n"
    case (.sell, .average):
      let cost = fill.relievedCost.text
      text += "  \(shares)  -\(fill.quantity) \(commodity) {{\(cost) USD}} @@ \(total) USD\n"
      text += "  Assets:\(root):Cash  \(total) USD\n"
      text += "  Income:\(root):Realised  \((-fill.realised).text) USD\n"
    case (.sell, .fifo):
      text += "  \(shares)  -\(fill.quantity) \(commodity) {} @@ \(total) USD\n"
      text += "  Assets:\(root):Cash  \(total) USD\n"
      text += "  Income:\(root):Realised\n"
    }
    return text
  }

  /// What is stored, to the cent and the share, on the day after the last entry.
  package func assertions(account: CashAccount, positions: [Position]) -> String {
    let day = (Timestamp(iso8601: date) ?? account.createdAt) + .seconds(86_400)
    var text = assertion(day, "Assets:\(root):Cash", account.cash.text, "USD")
    if booking == .average {
      text += assertion(day, "Income:\(root):Realised", (-account.realised).text, "USD")
    }
    for position in positions {
      text += assertion(
        day, "Assets:\(root):\(Self.escaped(position.symbol))", String(position.quantity),
        Self.commodity(position.symbol))
    }
    return text
  }

  private func assertion(_ day: Timestamp, _ account: String, _ amount: String, _ unit: String)
    -> String
  {
    "\(day.isoDate) balance \(account)  \(amount) ~ 0 \(unit)\n"
  }

  // MARK: Names

  /// A component of an account's name has letters, digits and `-`: any other byte is `-` and its two
  /// hexadecimal digits, so that no two users share an account.
  static func escaped(_ text: String) -> String {
    var escaped = ""
    for byte in text.utf8 {
      switch byte {
      case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: escaped.unicodeScalars.append(.init(byte))
      default:
        let digits = String(byte, radix: 16, uppercase: true)
        escaped += byte < 16 ? "-0\(digits)" : "-\(digits)"
      }
    }
    return escaped
  }

  /// A commodity begins with a letter and ends with a letter or digit; a stock that is called as the
  /// currency, or otherwise than Beancount allows, gets a prefix.
  static func commodity(_ symbol: String) -> String {
    let isPlain =
      symbol != "USD" && symbol.utf8.count > 1 && !symbol.hasPrefix("X-")
      && symbol.utf8.allSatisfy { (0x41...0x5A).contains($0) || (0x30...0x39).contains($0) }
      && symbol.utf8.first.map { $0 >= 0x41 } == true
    return isPlain ? symbol : "X-" + escaped(symbol)
  }

  private static func quoted(_ text: String) -> String {
    let plain = text.unicodeScalars.map { scalar in
      switch scalar {
      case "\"", "\\": "\\\(scalar)"
      case _ where scalar.value < 0x20: " "
      default: String(scalar)
      }
    }
    return "\"\(plain.joined())\""
  }
}
