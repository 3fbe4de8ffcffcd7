import Foundation
import TestSupport
import Testing

@Suite("Format")
struct FormatTests {
  @Test func `swift format has nothing to say`() throws {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = [
      "swift", "format", "lint", "--strict", "-r", "Sources", "Tests", "Package.swift",
    ]
    process.currentDirectoryURL = Repository.root
    let output = Pipe()
    process.standardError = output
    process.standardOutput = output
    try process.run()
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    #expect(process.terminationStatus == 0, "\(text.prefix(4000))")
  }
}
