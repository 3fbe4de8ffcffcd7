import HTTPExchange
import JSON
import Store
import Time

// A new password by a code that was sent. A guess buys no hash, and no hash costs a code: the code is
// looked at first, then the password is hashed, then one transaction spends the code and sets it.

extension AccountsService {
  /// What became of a reset.
  enum ResetOutcome: Sendable {
    case done
    /// The account or the code, nobody learns which.
    case refused
    case invalid([String])
    case tooMany(Duration)
  }

  /// Sets a new password with a code; every session ends (ASVS 7.4.3).
  func resetPassword(
    _ name: String, code: String, password: String, _ context: RequestContext
  ) async throws -> ResetOutcome {
    let findings = policy.findings(password, username: name, email: nil)
    guard findings.isEmpty else { return .invalid(findings) }
    let started = clock.monotonic()
    if let wait = recoveryBuckets.take(context.sourceAddress, at: started) {
      return .tooMany(wait)
    }
    guard AccountName.isPlausible(name), let profile = try await signInProfile(name),
      profile.status == .enabled,
      let item = try await attempt(.resetPassword, profile.username, code: code),
      item["email"]?.string == profile.email
    else {
      try await waitOut(since: started)
      return .refused
    }
    let hash = try await hash(password, returningTryTo: item)
    guard try await spend(item, setting: hash, of: profile.username) else {
      try await waitOut(since: started)
      return .refused
    }
    try await endAllSessions(of: profile.username)
    try await invalidateTokens(profile.username, profile.subject)
    try await signInGuard.succeed(secrets.mac(.nameLock, name.lowercased()))
    try await audit.append(
      .passwordReset, actor: profile.username, address: context.sourceAddress)
    try await notifyPasswordChange(profile)
    return .done
  }

  /// Hashes for somebody who has the code. Where the queue has no room nothing was worked, so the
  /// try is given back; a hash that was made keeps it, which is five hashes a code at most.
  private func hash(_ password: String, returningTryTo item: Item) async throws -> String {
    do {
      return try await hasher.hash(password)
    } catch let overloaded as PasswordPool.Overloaded {
      do {
        // Only to the very code that was tried: a newer one has its own five.
        try await store.write(.update(item.key, [.add("tries", 1)], if: .version(item.version)))
      } catch let error as StoreError where error.isConditionFailure {
        // Somebody tried meanwhile, or a newer code came: this try is gone.
      }
      throw overloaded
    }
  }

  /// Spends the code and sets the password, both or neither; false when the code is gone, was
  /// replaced, or no longer belongs to the account's address.
  private func spend(_ tried: Item, setting hash: String, of username: String) async throws -> Bool
  {
    // A wrong guess beside us moves the item's version, and must not cost its owner the code. There
    // are five tries, and a change of the profile is rare.
    for _ in 0..<8 {
      guard let code = try await store.get(tried.key), code["mac"] == tried["mac"],
        let profile = try await profile(named: username), profile.status == .enabled,
        profile.email == code["email"]?.string
      else { return false }
      do {
        try await store.transact([
          .delete(code.key, if: .version(code.version)),
          .update(
            profile.key, [.set("passwordHash", .string(hash))], if: .version(profile.version)),
        ])
        return true
      } catch let error as StoreError where error.isConditionFailure {
        continue
      }
    }
    throw StoreError.conflict
  }
}
