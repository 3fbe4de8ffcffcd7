import Accounts
import Diagnostics
import Foundation
import Gateway
import Listener
import Market
import Settings
import SiteBuilder
import Store
import Sync
import Trading

/// `portico.yaml` read once, every section by the target that owns it.
struct Project {
  /// What a command was told about the project.
  struct Options {
    var config = "portico.yaml"
    /// Flags by dotted key; they win over the environment and the file.
    var overrides: [String: String] = [:]
    /// Port of the site, when the flag names one: issuer and origin follow it.
    var port: Int?
    var host: String?
  }

  let site: SiteSettings
  let listener: ListenerSettings
  let adminPort: Int
  let gateway: GatewaySettings
  let accounts: AccountsSettings
  let masterKey: Secret?
  let market: MarketSettings
  let trading: TradingSettings
  let sync: SyncSettings
  let store: StoreSettings
  /// Scheme, host and port under which the site is reached (design: one origin).
  let origin: String

  /// Reads the file, the environment and the flags; throws everything that is wrong at once.
  static func load(_ options: Options) throws -> Project {
    guard let data = FileManager.default.contents(atPath: options.config) else {
      throw Diagnostic(
        .settingsMissing, "there is no settings file '\(options.config)'",
        at: Place(file: options.config),
        remedy: "run this in the project's folder, or name the file by --config")
    }
    var overrides = options.overrides
    if let port = options.port { overrides["edge.listener.port"] = String(port) }
    if let host = options.host { overrides["edge.listener.host"] = host }
    let document = try SettingsDocument(
      yaml: String(decoding: data, as: UTF8.self), file: options.config,
      environment: ProcessInfo.processInfo.environment, overrides: overrides)
    let root = document.reader()
    let project = Project(root)
    try root.finish()
    return project
  }

  private init(_ root: SettingsReader) {
    let edge = root.section("edge")
    let listener = ListenerSettings(edge.section("listener"))
    self.listener = listener
    adminPort = edge.int("admin_port", default: 8081, in: 0...65_535)
    let siteReader = root.section("site")
    let settings = SiteSettings(
      site: siteReader, content: root.section("content"), build: root.section("build"))
    let origin = edge.optionalString("origin") ?? "http://localhost:\(listener.port)"
    self.origin = origin
    site = settings
    var gateway = GatewaySettings(
      edge: edge, gateway: root.section("gateway"),
      readFile: { try String(contentsOfFile: $0, encoding: .utf8) })
    gateway.canonicalOrigin = origin
    self.gateway = gateway
    let accountsReader = root.section("accounts")
    let store = StoreSettings(root.section("store"))
    self.store = store
    accounts = AccountsSettings.read(
      accountsReader, origin: origin, mailFolder: "\(store.folder)/outbox")
    masterKey = accountsReader.secret("master_key") { path in
      try String(contentsOfFile: path, encoding: .utf8)
    }
    market = MarketSettings(root.section("market"))
    trading = TradingSettings(root.section("trading"))
    sync = SyncSettings(root.section("sync"))
  }
}
