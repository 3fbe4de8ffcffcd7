import Settings

/// The section `store`: where the data lies, and the bounds of the driver.
package struct StoreSettings: Sendable, Hashable {
  /// Folder of the data.
  package var folder = "var"
  /// Name of the database below it.
  package var file = "portico.sqlite"
  /// What the driver keeps waiting and does at once.
  package var limits = SQLiteStore.Limits()
  /// How often expired items are removed: they are absent to every reader long before.
  package var sweepInterval: Duration = .seconds(60)

  package init() {}

  /// The file of the database.
  package var path: String { "\(folder)/\(file)" }

  /// Reads the section; what is wrong is noted in the reader.
  package init(_ reader: SettingsReader) {
    folder = reader.string("folder", default: folder)
    file = reader.string("file", default: file)
    limits.waitingWrites = reader.int(
      "waiting_writes", default: limits.waitingWrites, in: 1...1_000_000)
    limits.waitingBytes = reader.int(
      "waiting_write_bytes", default: limits.waitingBytes,
      in: StoreLimits.transactionBytes...(8 << 30))
    limits.groupWrites = reader.int("group_writes", default: limits.groupWrites, in: 1...10_000)
    limits.waitingReads = reader.int(
      "waiting_reads", default: limits.waitingReads, in: 1...1_000_000)
    limits.groupReads = reader.int("group_reads", default: limits.groupReads, in: 1...10_000)
    limits.readers = reader.int("reader_connections", default: limits.readers, in: 1...64)
    limits.checkpointChanges = reader.int(
      "checkpoint_rows", default: limits.checkpointChanges, in: 1...1_000_000)
    sweepInterval = .seconds(reader.int("sweep_seconds", default: 60, in: 1...86_400))
  }
}
