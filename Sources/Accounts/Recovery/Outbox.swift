import Cryptography
import Foundation
import JSON
import Store
import Time

/// A message to a person.
struct OutgoingMessage: Sendable, Hashable {
  var recipient: String
  var subject: String
  var text: String
}

/// The durable queue of messages: a row is written with what caused it, a dispatcher delivers it at
/// least once and then deletes it.
///
/// The text is sealed in the store, since it carries codes.
package final class Outbox: Sendable {
  /// Attempts after which a message is given up.
  static let attemptLimit = 10
  /// Messages of one round.
  static let batch = 50
  static let partition = "OUTBOX#0"

  private let store: any ItemStore
  private let clock: any TimeSource
  private let transport: any MessageTransport
  private let log: @Sendable (String) -> Void

  init(
    store: any ItemStore, clock: any TimeSource, settings: AccountsSettings,
    log: @escaping @Sendable (String) -> Void
  ) {
    self.store = store
    self.clock = clock
    self.log = log
    transport =
      switch settings.transport {
      case .log: LogTransport(log: log)
      case .file: FileTransport(folder: settings.mailFolder, from: settings.mailFrom)
      case .command: CommandTransport(command: settings.mailCommand, from: settings.mailFrom)
      }
  }

  /// The write that queues a message; it belongs in the transaction that makes it true.
  func queueing(_ message: OutgoingMessage, secrets: AccountSecrets) -> Write? {
    let now = clock.now()
    let id = "\(now.iso8601)#\(Opaque.token(bytes: 9))"
    let body: JSON = [
      "to": .string(message.recipient), "subject": .string(message.subject),
      "text": .string(message.text),
    ]
    guard let sealed = secrets.seal(body.bytes, context: id) else { return nil }
    let item = Item(
      ItemKey(Self.partition, id),
      JSONObject([
        ("type", "outbox"), ("sealed", .string(sealed)), ("attempts", 0),
        ("due", .int(now.milliseconds)),
      ]), expiresAt: now + .seconds(2 * 86_400))
    return .put(item, if: .notExists)
  }

  /// Delivers what is due, once; answers how many were delivered.
  @discardableResult
  func deliver(secrets: AccountSecrets) async throws -> Int {
    let page = try await store.query(Query(pk: Self.partition, limit: Self.batch))
    var delivered = 0
    for item in page.items {
      guard let due = item.instant("due"), due <= clock.now() else { continue }
      let id = item.key.sk
      guard let message = Self.open(item, secrets: secrets) else {
        log("outbox: message \(id) cannot be opened and is dropped")
        try await store.write(.delete(item.key))
        continue
      }
      do {
        try await transport.deliver(message, id: id)
        try await store.write(.delete(item.key))
        delivered += 1
      } catch {
        try await postpone(item)
      }
    }
    return delivered
  }

  private func postpone(_ item: Item) async throws {
    let attempts = (item["attempts"]?.int ?? 0) + 1
    if attempts >= Self.attemptLimit {
      log("outbox: message \(item.key.sk) is given up after \(attempts) attempts (A007)")
      try await store.write(.delete(item.key))
      return
    }
    log("outbox: message \(item.key.sk) was not delivered, attempt \(attempts) (A007)")
    let due = clock.now() + .seconds(1 << min(attempts, 10))
    try await store.write(
      .update(
        item.key, [.set("attempts", .int(attempts)), .set("due", .int(due.milliseconds))],
        if: .exists))
  }

  private static func open(_ item: Item, secrets: AccountSecrets) -> OutgoingMessage? {
    guard let sealed = item["sealed"]?.string,
      let bytes = secrets.open(sealed, context: item.key.sk), let json = try? JSON(parsing: bytes),
      let to = json["to"]?.string, let subject = json["subject"]?.string,
      let text = json["text"]?.string
    else { return nil }
    return OutgoingMessage(recipient: to, subject: subject, text: text)
  }

  /// Delivers every few seconds until the task is cancelled.
  func run(secrets: AccountSecrets) async {
    while !Task.isCancelled {
      do {
        try await deliver(secrets: secrets)
      } catch {
        log("outbox: the store does not answer: \(error)")
      }
      do { try await clock.sleep(for: .seconds(2)) } catch { return }
    }
  }
}

/// A way out for messages.
protocol MessageTransport: Sendable {
  /// Hands a message over, or throws so that it is tried again later.
  func deliver(_ message: OutgoingMessage, id: String) async throws
}

/// Says that a message exists; what it says stays out of the log, since it carries codes.
struct LogTransport: MessageTransport {
  let log: @Sendable (String) -> Void

  func deliver(_ message: OutgoingMessage, id: String) async throws {
    log(
      "outbox: '\(message.subject)' is ready; set accounts.mail_transport to 'file' or 'command' "
        + "to receive it")
  }
}

/// One file per message, mode 0600: what preview and tests read codes from.
struct FileTransport: MessageTransport {
  let folder: String
  let from: String

  func deliver(_ message: OutgoingMessage, id: String) async throws {
    try FileManager.default.createDirectory(
      atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    let name = id.map { $0.isLetter || $0.isNumber ? $0 : "-" }
    let path = "\(folder)/\(String(name)).eml"
    // The folder is 0700, so that the moment before the mode is set shows the file to nobody.
    try Data(MailText.render(message, id: id, from: from).utf8)
      .write(to: URL(fileURLWithPath: path), options: .atomic)
    try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path)
  }
}

/// Pipes the message into a command, as `sendmail -t -i` takes it.
struct CommandTransport: MessageTransport {
  struct Failure: Error {}

  let command: String
  let from: String

  func deliver(_ message: OutgoingMessage, id: String) async throws {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: command)
    process.arguments = ["-t", "-i"]
    let input = Pipe()
    process.standardInput = input
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    // Written before the command runs and shorter than a pipe's buffer: the write neither waits nor
    // meets a closed pipe.
    let text = MailText.render(message, id: id, from: from)
    try input.fileHandleForWriting.write(contentsOf: Data(text.utf8.prefix(32 << 10)))
    try input.fileHandleForWriting.close()
    let status: Int32 = try await withCheckedThrowingContinuation { continuation in
      process.terminationHandler = { continuation.resume(returning: $0.terminationStatus) }
      do {
        try process.run()
      } catch {
        continuation.resume(throwing: error)
      }
    }
    guard status == 0 else { throw Failure() }
  }
}

/// A message as RFC 5322 writes it; recipient and subject hold no line break by construction.
enum MailText {
  static func render(_ message: OutgoingMessage, id: String, from: String) -> String {
    let clean = { (text: String) in text.filter { !$0.isNewline } }
    let name = SHA256.hash(id).hex.prefix(32)
    return """
      From: \(clean(from))
      To: \(clean(message.recipient))
      Subject: \(clean(message.subject))
      Message-ID: <\(name)@portico.localhost>
      Auto-Submitted: auto-generated
      MIME-Version: 1.0
      Content-Type: text/plain; charset=utf-8
      Content-Transfer-Encoding: 8bit

      \(message.text)

      """
  }
}
