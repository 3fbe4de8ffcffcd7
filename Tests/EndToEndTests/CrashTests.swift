import Foundation
import TestSupport
import Testing

/// What was acknowledged survives `kill -9`: sixteen clients trade at random on shared and separate
/// accounts, the process dies at a random moment, and the next one must show every acknowledged fill
/// exactly once. A few rounds in `make test`, two hundred in `make prove`.
@Suite(
  "Crashes", .serialized, .enabled(if: Binary.hasPython, "the Python tools are not installed"))
struct CrashTests {
  static let isProof = ProcessInfo.processInfo.environment["PORTICO_PROVE"] != nil
  static let rounds = isProof ? 200 : 3

  private func traders(_ work: String, _ server: RunningServer, _ more: [String] = []) throws {
    try PeerScript.run(
      "traders.py",
      [work, "--port", String(server.port), "--memory", server.folder.path + "/memory.json"] + more)
  }

  @Test(.timeLimit(.minutes(120)))
  func `no acknowledged fill is lost or doubled`() throws {
    let data = try TemporaryFolder()
    var server = try RunningServer(data: data)
    for round in 0..<Self.rounds {
      let dying = server
      let killer = DispatchWorkItem { dying.kill() }
      // Accounts are made in the first round; a crash may come at any moment of the others.
      DispatchQueue.global().asyncAfter(
        deadline: .now() + .milliseconds(Int.random(in: 400...1_600) + (round == 0 ? 6_000 : 0)),
        execute: killer)
      try traders("trade", server, ["--seed", "\(round)-\(UInt32.random(in: 0 ... .max))"])
      killer.wait()
      server = try RunningServer(data: data, port: server.port)
      let isFull = round.isMultiple(of: 20) || round == Self.rounds - 1
      try traders("settle", server, isFull ? ["--full"] : [])
      if isFull { try verify(data) }
    }
    #expect(server.stop() == 0)
    try verify(data)
    try proveByBeancount(data)
    let memory = try String(contentsOfFile: data.path + "/memory.json", encoding: .utf8)
    #expect(memory.contains("200"), "nothing was filled: \(memory.prefix(500))")
    if Self.isProof { print("crash proof, \(Self.rounds) rounds:", memory.suffix(400)) }
  }

  /// Every invariant of the ledger, also while the store is served: the replay is what is stored,
  /// byte for byte.
  private func verify(_ data: TemporaryFolder) throws {
    let verified = try Binary.run(["store", "verify", "--data", data.path + "/var"])
    #expect(verified.status == 0, "\(verified.errors)")
    #expect(!verified.output.contains(" 0 fills"), "\(verified.output)")
  }

  /// The same from an independent program.
  private func proveByBeancount(_ data: TemporaryFolder) throws {
    for booking in ["average", "fifo"] {
      let file = "\(data.path)/\(booking).beancount"
      let exported = try Binary.run([
        "store", "export", "--booking", booking, "--output", file, "--data", data.path + "/var",
      ])
      #expect(exported.status == 0, "\(exported.errors)")
      let checked = try Binary.run(
        ["-m", "beancount.scripts.check", "--no-cache", file], program: Binary.python)
      #expect(checked.status == 0, "\(checked.output.prefix(2000)) \(checked.errors.prefix(2000))")
    }
  }

  @Test func `a hundred equal keys are one fill, and concurrent sells never oversell`() throws {
    let server = try RunningServer()
    let rounds = ["--rounds", Self.isProof ? "50" : "2"]
    try traders("keys", server, rounds)
    try traders("sells", server, rounds)
    #expect(server.stop() == 0)
    try verify(server.folder)
  }
}
