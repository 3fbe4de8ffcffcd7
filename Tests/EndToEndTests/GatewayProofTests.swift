import Foundation
import TestSupport
import Testing

/// The gateway's proofs against the real binary: the documents hold, slow clients harm nobody, and a
/// drain loses no request. Reduced counts in `make test`, the whole in `make prove`.
@Suite("Gateway proofs", .serialized, .enabled(if: Binary.hasPython, "no Python tools"))
struct GatewayProofTests {
  @Test(
    .timeLimit(.minutes(30)),
    arguments: ["api_contract.py", "slow_clients.py", "drain_under_load.py"])
  func `a proof holds`(script: String) throws {
    let folder = try TemporaryFolder()
    try PeerScript.run(script, ["--portico", Binary.path, "--out", folder.path])
  }
}
