import Accounts
import Diagnostics
import Gateway

extension ServeAssembly {
  /// Verifiers by the settings: our own issuer's keys are at hand, others' are fetched.
  func authorizers(_ accounts: AccountsService, _ upstream: UpstreamPool) -> AuthorizerBinding {
    let log = log
    let remote = upstream.issuers(clock: clock) { log($0.terminalText()) }
    let own = AuthorizerBinding.OwnIssuer(
      issuer: project.accounts.issuer, keys: { accounts.keySet }, revocation: accounts.revocations)
    return AuthorizerBinding(project.gateway, own: own, remote: remote)
  }

  /// What an authorizer is refused with whose issuer nobody has said to trust.
  static func foreign(_ authorizer: AuthorizerDefinition) -> Diagnostic {
    Diagnostic(
      .foreignIssuer,
      "the authorizer '\(authorizer.name)' names the issuer '\(authorizer.issuer)', which is "
        + "neither this program's own nor configured", at: authorizer.place,
      remedy: "write 'gateway.authorizers.\(authorizer.name)' in portico.yaml, or name "
        + "${accounts.issuer_url}")
  }
}

extension DiagnosticCode {
  /// An authorizer that trusts an issuer of which the settings say nothing.
  static let foreignIssuer: DiagnosticCode = "S004"
}
