import Foundation
import TestSupport
import Testing

/// The binary under test: built before the tests, never by them.
enum Binary {
  /// The debug binary beside the tests, or the one that `PORTICO_BINARY` names.
  static let path: String =
    ProcessInfo.processInfo.environment["PORTICO_BINARY"]
    ?? Repository.root.appendingPathComponent(".build/debug/portico").path

  /// Python with the tools of `Tests/requirements.txt`.
  static let python = Repository.root.appendingPathComponent(".build-tools/venv/bin/python").path

  static let hasPython = FileManager.default.isExecutableFile(atPath: python)

  static let hasChromium =
    hasPython && FileManager.default.isExecutableFile(atPath: "/usr/bin/chromium")

  /// A program that ran to its end.
  struct Result {
    var status: Int32
    var output: String
    var errors: String
  }

  /// Runs a program to its end; its streams go to files, so that no pipe can fill.
  static func run(
    _ arguments: [String], program: String = path, in folder: String = Repository.root.path,
    environment: [String: String] = [:]
  ) throws -> Result {
    let scratch = try TemporaryFolder()
    let process = Process()
    process.executableURL = URL(fileURLWithPath: program)
    process.arguments = arguments
    process.currentDirectoryURL = URL(fileURLWithPath: folder)
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    process.standardOutput = try file("\(scratch.path)/out")
    process.standardError = try file("\(scratch.path)/err")
    process.standardInput = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    return Result(
      status: process.terminationStatus,
      output: try String(contentsOfFile: "\(scratch.path)/out", encoding: .utf8),
      errors: try String(contentsOfFile: "\(scratch.path)/err", encoding: .utf8))
  }

  static func file(_ path: String) throws -> FileHandle {
    _ = FileManager.default.createFile(atPath: path, contents: nil)
    return try FileHandle(forWritingTo: URL(fileURLWithPath: path))
  }
}

/// A project of its own: the shipped site with a data folder and ports that nobody else has.
final class RunningServer {
  let port: Int
  let adminPort: Int
  let folder: TemporaryFolder
  private var process: Process

  var origin: String { "http://localhost:\(port)" }

  /// Starts `portico serve` and waits until it is ready.
  init(
    _ arguments: [String] = [], data: TemporaryFolder? = nil, port: Int? = nil,
    environment: [String: String] = [:]
  ) throws {
    folder = try data ?? TemporaryFolder()
    self.port = try port ?? Self.freePort()
    adminPort = try Self.freePort()
    process = Process()
    process.executableURL = URL(fileURLWithPath: Binary.path)
    process.arguments =
      [
        "serve", "--port", String(self.port), "--admin-port", String(adminPort), "--data",
        folder.path + "/var",
      ] + arguments
    process.currentDirectoryURL = Repository.root
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    process.standardOutput = try Binary.file("\(folder.path)/out.log")
    process.standardError = try Binary.file("\(folder.path)/err.log")
    try process.run()
    for _ in 0..<600 {
      if get("/readyz", port: adminPort).status == 200 { return }
      if !process.isRunning { break }
      usleep(50_000)
    }
    throw Failure(text: log("err.log"))
  }

  struct Failure: Error { let text: String }

  /// Asks for a drain and answers the exit code; most tests have no function refused by the store.
  func stop(refusals: Int = 0) -> Int32 {
    if process.isRunning { process.terminate() }
    process.waitUntilExit()
    // No function asked the store for more than its list holds.
    let errors = log("err.log")
    #expect(errors.split(separator: "[D011]").count == refusals + 1, "\(errors.suffix(2000))")
    return process.terminationStatus
  }

  /// Ends the process without a word, as a crash would.
  func kill() {
    Foundation.kill(process.processIdentifier, SIGKILL)
    process.waitUntilExit()
  }

  deinit { if process.isRunning { kill() } }

  func log(_ name: String) -> String {
    (try? String(contentsOfFile: "\(folder.path)/\(name)", encoding: .utf8)) ?? ""
  }

  /// One request on a connection of its own.
  func get(
    _ target: String, method: String = "GET", headers: [(String, String)] = [], body: String = "",
    port: Int? = nil, host: String? = nil
  ) -> Answer {
    Self.ask(
      port ?? self.port, target, method: method, headers: headers, body: body,
      host: host ?? "localhost:\(self.port)")
  }

  /// One request to a port on a connection of its own; status 0 when nobody answers.
  static func ask(
    _ port: Int, _ target: String, method: String = "GET", headers: [(String, String)] = [],
    body: String = "", host: String? = nil
  ) -> Answer {
    guard let client = RawClient(port: port) else { return Answer(text: "") }
    var request = "\(method) \(target) HTTP/1.1\r\nHost: \(host ?? "localhost:\(port)")\r\n"
    for (name, value) in headers { request += "\(name): \(value)\r\n" }
    if !body.isEmpty { request += "Content-Length: \(body.utf8.count)\r\n" }
    client.send(request + "Connection: close\r\n\r\n" + body)
    return Answer(text: client.readToEnd())
  }

  /// The kernel names a free port; between this and the bind nobody else asks for it.
  private static func freePort() throws -> Int {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(descriptor) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let bound = withUnsafeMutablePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(descriptor, $0, length) == 0 && getsockname(descriptor, $0, &length) == 0
      }
    }
    guard bound else { throw Failure(text: "no free port") }
    return Int(UInt16(bigEndian: address.sin_port))
  }
}

/// An HTTP answer as text.
struct Answer {
  let status: Int
  let head: String
  let body: String

  init(text: String) {
    let parts = text.components(separatedBy: "\r\n\r\n")
    head = parts[0]
    body = parts.dropFirst().joined(separator: "\r\n\r\n")
    status = Int(head.split(separator: " ").dropFirst().first ?? "") ?? 0
  }

  func header(_ name: String) -> String? {
    for line in head.components(separatedBy: "\r\n").dropFirst() {
      let parts = line.split(separator: ":", maxSplits: 1)
      if parts.count == 2, parts[0].lowercased() == name.lowercased() {
        return parts[1].trimmingCharacters(in: .whitespaces)
      }
    }
    return nil
  }
}
