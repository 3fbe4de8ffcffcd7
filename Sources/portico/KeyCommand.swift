import ArgumentParser
import Cryptography

/// `portico key new`: an API key, shown once, with the digest that the settings keep.
struct KeyCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "key", abstract: "Make API keys; replace the keys of tokens.",
    subcommands: [New.self, Rotate.self])

  /// Makes one key.
  struct New: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Make a key and show it once.")

    @Option(help: "The name under which the settings keep it.")
    var name = "client"
    @Option(help: "The usage plan it belongs to.")
    var plan: String?

    func validate() throws {
      let isPlain = name.utf8.allSatisfy { byte in
        switch byte {
        case 48...57, 65...90, 97...122, 45, 95: true
        default: false
        }
      }
      if name.isEmpty || !isPlain {
        throw ValidationError("a name has letters, digits, '-' and '_'")
      }
    }

    func run() {
      // 30 random bytes are 40 characters, within API Gateway's 20 to 128.
      let key = Base64URL.encode(SecureRandom.bytes(30))
      Terminal.write("\(key)\n")
      var lines = """
        This key is not shown again. In portico.yaml:

          gateway:
            api_keys:
              \(name):
                sha256: \(SHA256.hash(key).hex)

        """
      if let plan { lines += "        plan: \(plan)\n" }
      Terminal.writeError(lines)
    }
  }
}
