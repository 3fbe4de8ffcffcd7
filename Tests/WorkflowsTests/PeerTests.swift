import Foundation
import JSON
import TestSupport
import Testing
import Time

@testable import Workflows

/// The same machines on moto's interpreter, and our documents before statelint; skipped where the
/// Python peers are not installed.
@Suite("Peers")
struct PeerTests {
  static let folder = Repository.root.appendingPathComponent(".build-tools/venv/bin").path
  static let isHere = FileManager.default.isExecutableFile(atPath: "\(folder)/python")

  /// Where moto and we differ, and why we stay.
  static let explained: [String: String] = [
    "choice-none.json": "States.NoChoiceMatched, as concepts-error-handling.html names it",
    "pass-intrinsic-failure.json": "States.IntrinsicFailure, as concepts-error-handling.html says",
    "pass-resultpath-mismatch.json":
      "States.ResultPathMatchFailure, as concepts-error-handling.html says",
    "context-object.json": "moto has no $$.State.RetryCount; input-output-contextobject.html does",
  ]

  /// Cases that need no function of ours and little real time.
  static let cases = Cases.machines.filter { name in
    guard let json = try? Cases.read("machines/\(name)") else { return false }
    if json["peer"] == true { return true }
    let types = json["definition"]?["States"]?.object?.compactMap { $0.value["Type"]?.string } ?? []
    let waits = json["expect"]?["waits"]?.array?.compactMap(\.int) ?? []
    return !types.contains("Task") && waits.reduce(0, +) == 0 && name != "endless-loop.json"
  }

  private func run(_ program: String, _ arguments: [String]) throws -> (Int32, [UInt8]) {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "\(Self.folder)/\(program)")
    process.arguments = arguments
    let output = Pipe()
    process.standardOutput = output
    process.standardError = FileHandle.nullDevice
    try process.run()
    let printed = try output.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    return (process.terminationStatus, [UInt8](printed))
  }

  @Test(.enabled(if: isHere, "the Python peers are not installed"))
  func `moto ends every machine as we do`() throws {
    #expect(Self.cases.count >= 10)
    let root = Repository.root.appendingPathComponent("Tests/WorkflowsTests").path
    let paths = Self.cases.map { "\(root)/Cases/machines/\($0)" }
    let (_, printed) = try run("python", ["\(root)/Peers/moto_executions.py"] + paths)
    let theirs = try JSON(parsing: printed)
    for name in Self.cases {
      var ours = Drive(try MachineCase(name))
      ours.run()
      let record = ours.execution.record
      let their = try #require(theirs[name])
      let agrees =
        their["status"]?.string == record.status.rawValue
        && (record.output == nil || their["output"] == record.output)
        && their["error"]?.string == record.error
        && their["states"] == .array(ours.events.states.map { .string($0) })
      if Self.explained[name] == nil {
        #expect(agrees, "\(name): \(their.text) against \(record)")
      } else {
        #expect(!agrees, "\(name) no longer differs: take it from the list")
      }
    }
  }

  @Test(.enabled(if: isHere, "the Python peers are not installed"))
  func `statelint has nothing to say about our documents`() throws {
    let documents = Repository.files(under: "site/workflows", ending: ".asl.json")
    #expect(!documents.isEmpty)
    for document in documents {
      let path = Repository.root.appendingPathComponent(document).path
      let (status, printed) = try run("statelint", [path])
      #expect(status == 0, "\(document): \(String(decoding: printed, as: UTF8.self))")
    }
  }
}
