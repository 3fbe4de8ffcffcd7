import HTTPExchange
import JSON
import Store
import Time

// Confirmation of addresses and recovery of accounts: codes through the outbox, answers that do not
// tell whether an account exists.

extension AccountsService {
  private var codes: ConfirmationCode { ConfirmationCode(secrets: secrets) }

  /// Writes a code and its message in one transaction.
  private func send(
    _ flow: ConfirmationCode.Flow, to profile: UserProfile, _ email: String,
    subject: String, text: (String) -> String
  ) async throws {
    let code = Opaque.digits(ConfirmationCode.digits)
    let item = codes.item(flow, profile.username, email, code: code, now: clock.now())
    let message = OutgoingMessage(recipient: email, subject: subject, text: text(code))
    guard let queued = outbox.queueing(message, secrets: secrets) else { return }
    try await store.transact([.put(item), queued])
  }

  /// Sends the code that confirms a new account's address.
  func sendConfirmation(to profile: UserProfile) async throws {
    guard let email = profile.email else { return }
    try await send(
      .confirmEmail, to: profile, email, subject: "Confirm your address for \(settings.serviceName)"
    ) { code in
      """
      Hello \(profile.username),

      your code is \(code). It is good for ten minutes.

      Enter it at \(settings.origin)/confirmUser
      If you did not ask for this, do nothing.
      """
    }
  }

  /// Sends another confirmation code when one is due; nobody learns whether it was.
  func resendConfirmation(_ name: String, _ context: RequestContext) async throws {
    let started = clock.monotonic()
    let bucket = secrets.mac(.nameLock, "confirm", name.lowercased())
    if recoveryNames.take(bucket, at: started) == nil, AccountName.isPlausible(name),
      let profile = try await profile(named: name), profile.status == .enabled,
      !profile.emailVerified
    {
      try await sendConfirmation(to: profile)
    }
    try await waitOut(since: started)
  }

  /// Takes one of the five tries; the item when the code is right, which is not spent by that.
  func attempt(_ flow: ConfirmationCode.Flow, _ username: String, code: String) async throws
    -> Item?
  {
    let key = ConfirmationCode.key(flow, username)
    let tried: Item?
    do {
      // The try is taken before the comparison: parallel guesses share the five.
      tried = try await store.write(
        .update(key, [.add("tries", -1)], if: .all([.exists, .numberAtLeast("tries", 1)])))
    } catch let error as StoreError where error.isConditionFailure {
      return nil
    }
    guard let tried, codes.matches(tried, flow, username, code: code) else { return nil }
    return tried
  }

  /// Takes a try and spends the code when it is right.
  private func redeem(_ flow: ConfirmationCode.Flow, _ username: String, code: String) async throws
    -> Item?
  {
    guard let tried = try await attempt(flow, username, code: code) else { return nil }
    do {
      // Single use: whoever deletes this version has redeemed it.
      try await store.write(.delete(tried.key, if: .version(tried.version)))
    } catch let error as StoreError where error.isConditionFailure {
      return nil
    }
    return tried
  }

  /// Confirms an address; false for every cause, and not sooner for one than for another.
  func confirmEmail(_ name: String, code: String, _ context: RequestContext) async throws -> Bool {
    let started = clock.monotonic()
    if try await confirm(name, code: code, context) { return true }
    try await waitOut(since: started)
    return false
  }

  private func confirm(_ name: String, code: String, _ context: RequestContext) async throws
    -> Bool
  {
    guard AccountName.isPlausible(name), let profile = try await profile(named: name),
      let item = try await redeem(.confirmEmail, profile.username, code: code),
      let email = item["email"]?.string, email == profile.email
    else { return false }
    let owned = try await store.get(UserProfile.emailKey(email))
    let claim: Write
    if let owned, let owner = owned["username"]?.string, owner != profile.username {
      // A claim that was never confirmed gives way to one that is.
      if let other = try await self.profile(named: owner), other.email == email,
        other.emailVerified
      {
        return false
      }
      claim = .put(emailOwner(email, profile), if: .version(owned.version))
    } else if let owned {
      claim = .put(emailOwner(email, profile), if: .version(owned.version))
    } else {
      claim = .put(emailOwner(email, profile), if: .notExists)
    }
    do {
      try await store.transact([
        claim, .update(profile.key, [.set("emailVerified", true)], if: .version(profile.version)),
      ])
    } catch let error as StoreError where error.isConditionFailure {
      return false
    }
    try await audit.append(
      .emailConfirmed, actor: profile.username, address: context.sourceAddress)
    return true
  }

  private func emailOwner(_ email: String, _ profile: UserProfile) -> Item {
    Item(
      UserProfile.emailKey(email),
      JSONObject([("type", "unique"), ("username", .string(profile.username))]))
  }

  /// Sends a reset code when there is a confirmed address; nobody learns whether there was.
  func requestReset(_ name: String, _ context: RequestContext) async throws -> Duration? {
    let started = clock.monotonic()
    if let wait = recoveryBuckets.take(context.sourceAddress, at: started) { return wait }
    let lockName = secrets.mac(.nameLock, "reset", name.lowercased())
    // The same for names without an account: whoever asks again too soon waits.
    guard recoveryNames.take(lockName, at: started) == nil else {
      try await waitOut(since: started)
      return nil
    }
    if AccountName.isPlausible(name), let profile = try await signInProfile(name),
      profile.status == .enabled, profile.emailVerified, let email = profile.email
    {
      try await send(
        .resetPassword, to: profile, email, subject: "Reset your \(settings.serviceName) password"
      ) { code in
        """
        Hello \(profile.username),

        your code to set a new password is \(code). It is good for ten minutes.

        Enter it at \(settings.origin)/confirmForgotPassword
        If you did not ask for this, do nothing: your password stays as it is.
        """
      }
      try await audit.append(
        .resetRequested, actor: profile.username, address: context.sourceAddress)
    }
    try await waitOut(since: started)
    return nil
  }

  // MARK: Notices

  /// Tells the owner that the password changed (ASVS 6.3.7).
  func notifyPasswordChange(_ profile: UserProfile) async throws {
    try await notify(
      profile, subject: "Your \(settings.serviceName) password was changed",
      "The password of \(profile.username) was changed. If that was not you, reset it at "
        + "\(settings.origin)/forgotPassword")
  }

  /// Tells the owner that somebody used an old refresh token.
  func notifyReuse(_ profile: UserProfile) async throws {
    try await notify(
      profile, subject: "A sign-in of yours was ended",
      "Somebody used an old key of one of your sessions at \(settings.serviceName). The session "
        + "was ended. If you see anything odd, change your password.")
  }

  private func notify(_ profile: UserProfile, subject: String, _ text: String) async throws {
    guard let email = profile.email, profile.emailVerified,
      let queued = outbox.queueing(
        OutgoingMessage(recipient: email, subject: subject, text: text), secrets: secrets)
    else { return }
    try await store.write(queued)
  }
}
