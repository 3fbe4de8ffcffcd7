import JSON

/// `config.js`: what differs between installations, in one small file without a fingerprint.
enum ConfigModule {
  static let key = "config.js"

  static func bytes(_ settings: SiteSettings) -> [UInt8] {
    let values: JSON = [
      "apiBaseURL": .string(settings.apiBaseURL), "discovery": .string(settings.discovery),
      "clientId": .string(settings.clientID), "redirectPath": .string(settings.redirectPath),
      "logoutPath": .string(settings.logoutPath), "scopes": .string(settings.scopes),
      "tokenStorage": .string(settings.tokenStorage.rawValue), "liveReload": false,
    ]
    return Array("export const config = Object.freeze(\(values.text));\n".utf8)
  }
}
