import Accounts
import ArgumentParser
import Foundation
import Settings
import Store
import Time

extension KeyCommand {
  /// `portico key rotate`: after a leak, new keys at once; keys of the daily course rotate by themselves.
  struct Rotate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Replace the keys of all tokens at once, as after a leak.",
      discussion: "The server must not run. Every token made before is refused from then on.")
    @OptionGroup var location: StoreCommand.Location

    func run() async throws {
      do {
        let project = try location.project()
        let file = "\(project.store.folder)/secrets/master.key"
        // A key made now would open nothing: the file counts only where it is.
        let masterKey = try MasterKey.resolve(
          project.masterKey, previewFile: FileManager.default.fileExists(atPath: file) ? file : nil)
        let clock = SystemClock()
        let store = try SQLiteStore(path: project.store.path, clock: clock)
        let accounts = AccountsService(
          store: store, masterKey: masterKey, settings: project.accounts, clock: clock,
          log: { Terminal.writeError("\($0)\n") })
        defer { accounts.stop() }
        try await accounts.start()
        try await accounts.rotateKeysInEmergency()
        try await store.close()
        Terminal.write("new keys are in use; everybody signs in again\n")
      } catch {
        throw CommandFailure.report(error)
      }
    }
  }
}
