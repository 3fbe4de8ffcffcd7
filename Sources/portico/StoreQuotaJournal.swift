import Diagnostics
import Gateway
import JSON
import Store

/// Quotas in the item store: one item for each key of a plan, in the partition `USAGE`.
struct StoreQuotaJournal: QuotaJournal {
  /// What the ledger may do with the store.
  static let grant = StoreGrant(
    "UsageLedger", [Capability([.query, .put], pk: .exact(partition))])

  private static let partition = "USAGE"
  private let store: any ItemStore

  init(_ store: any ItemStore) { self.store = store }

  func load() async throws -> [QuotaReservation] {
    var records: [QuotaReservation] = []
    var cursor: String?
    repeat {
      let page = try await store.query(Query(pk: Self.partition, cursor: cursor))
      records += page.items.compactMap(Self.reservation)
      cursor = page.cursor
    } while cursor != nil
    return records
  }

  func write(_ reservation: QuotaReservation) async throws {
    // The plan's length keeps two names apart from two others that read alike.
    let place = "\(reservation.plan.utf8.count):\(reservation.plan)#\(reservation.key)"
    try await store.write(
      .put(
        Item(
          ItemKey(Self.partition, place),
          [
            "key": .string(reservation.key), "plan": .string(reservation.plan),
            "window": .string(reservation.window), "reserved": .int(reservation.reserved),
          ])))
  }

  private static func reservation(_ item: Item) -> QuotaReservation? {
    guard let key = item["key"]?.string, let plan = item["plan"]?.string,
      let window = item["window"]?.string, let reserved = item["reserved"]?.int
    else { return nil }
    return QuotaReservation(key: key, plan: plan, window: window, reserved: reserved)
  }
}

extension ServeAssembly {
  /// The ledger of API keys and quotas over the store, so that no restart begins a quota anew.
  func usageLedger(_ store: any ItemStore) async throws -> DurableUsageLedger {
    let log = log
    return try await DurableUsageLedger(
      keys: project.gateway.keys,
      journal: StoreQuotaJournal(limited(store, to: StoreQuotaJournal.grant))
    ) { text in
      log(Diagnostic(.quotaUnwritten, text, severity: .warning).terminalText())
    }
  }
}

extension DiagnosticCode {
  /// A quota's journal that cannot be written.
  static let quotaUnwritten: DiagnosticCode = "S040"
}
