/// `~/.aws/config` and `~/.aws/credentials`: sections of `name = value`, comments, nested lines.
struct ProfileFile: Sendable, Hashable {
  /// Values by section, then by name in lower case.
  private(set) var sections: [String: [String: String]] = [:]

  /// Reads one file; what is not understood is skipped, as AWS's tools do.
  ///
  /// - Parameter isConfig: in `config` a profile's section is `[profile name]`, but for `default`;
  ///   in `credentials` it is `[name]`.
  init(_ text: String, isConfig: Bool) {
    var section: String?
    for line in text.split(whereSeparator: \.isNewline) {
      let isNested = line.first == " " || line.first == "\t"
      let trimmed = String(line).trimmingWhitespace
      if trimmed.isEmpty || trimmed.hasPrefix("#") || trimmed.hasPrefix(";") { continue }
      if trimmed.hasPrefix("[") {
        section = Self.profile(of: trimmed, isConfig: isConfig)
        continue
      }
      // A nested line belongs to the setting above it, such as `s3 =`; none of those is ours.
      guard let section, !isNested, let equals = trimmed.firstIndex(of: "=") else { continue }
      let name = String(trimmed[..<equals]).trimmingWhitespace.lowercased()
      sections[section, default: [:]][name] = Self.value(trimmed[trimmed.index(after: equals)...])
    }
  }

  /// Fields of a profile; those of the credentials file win.
  static func merged(config: ProfileFile?, credentials: ProfileFile?, profile: String)
    -> [String: String]?
  {
    let base = config?.sections[profile]
    let over = credentials?.sections[profile]
    if base == nil, over == nil { return nil }
    return (base ?? [:]).merging(over ?? [:]) { _, credentials in credentials }
  }

  private static func profile(of header: String, isConfig: Bool) -> String? {
    guard let end = header.firstIndex(of: "]") else { return nil }
    let name = String(header[header.index(after: header.startIndex)..<end]).trimmingWhitespace
    guard isConfig else { return name }
    if name == "default" { return name }
    let words = name.split(maxSplits: 1, whereSeparator: \.isWhitespace)
    guard words.count == 2, words[0] == "profile" else { return nil }
    return String(words[1]).trimmingWhitespace
  }

  private static func value(_ text: Substring) -> String {
    var value = String(text).trimmingWhitespace
    for mark in [" #", " ;", "\t#", "\t;"] {
      if let comment = value.firstRange(of: mark) {
        value = String(value[..<comment.lowerBound]).trimmingWhitespace
      }
    }
    return value
  }
}

/// A profile by `AWS_PROFILE`: static keys, a role over another profile, a role for a web identity.
struct ProfileCredentials: CredentialProvider {
  let environment: AWSEnvironment
  let profile: String?
  let sts: SecurityTokenService
  let metadata: MetadataCredentials

  /// A chain of roles longer than this is a mistake.
  private static let depth = 5

  func credentials() async throws(AWSError) -> Credentials? {
    let asked = profile ?? environment["AWS_PROFILE"]
    let files = ProfileFiles(environment: environment)
    let name = asked ?? "default"
    guard files.fields(of: name) != nil else {
      if asked == nil { return nil }
      throw .source(
        "profile '\(name)'", "there is no such profile in \(files.configPath)",
        remedy: "correct AWS_PROFILE, or run 'aws configure --profile \(name)'")
    }
    // A default profile that only names a region is common and no mistake.
    return try await resolve(name, files: files, visited: [], mayBeEmpty: asked == nil)
  }

  private func resolve(
    _ name: String, files: ProfileFiles, visited: [String], mayBeEmpty: Bool
  ) async throws(AWSError) -> Credentials? {
    let source = "profile '\(name)'"
    guard let fields = files.fields(of: name) else {
      throw .source(source, "there is no such profile", remedy: "correct source_profile")
    }
    // A profile may name itself as its source: then its static keys sign for its role.
    if let role = fields["role_arn"], visited.last != name {
      guard !visited.contains(name), visited.count < Self.depth else {
        throw .source(source, "its source_profile leads round in a circle", remedy: "mend it")
      }
      return try await assume(role, name, fields, files, visited + [name])
    }
    if let id = fields["aws_access_key_id"], let secret = fields["aws_secret_access_key"] {
      return Credentials(
        accessKeyID: id, secretAccessKey: secret, sessionToken: fields["aws_session_token"],
        source: source)
    }
    for kind in ["sso_session", "sso_start_url", "credential_process", "login_session"]
    where fields[kind] != nil {
      throw .source(
        source, "'\(kind)' is not supported yet",
        remedy: "run 'aws configure export-credentials --profile \(name) --format env' and use that"
      )
    }
    if mayBeEmpty { return nil }
    throw .source(source, "it holds neither keys nor a role", remedy: "run 'aws configure'")
  }

  private func assume(
    _ role: String, _ name: String, _ fields: [String: String], _ files: ProfileFiles,
    _ visited: [String]
  ) async throws(AWSError) -> Credentials {
    let source = "profile '\(name)', role \(role)"
    if fields["mfa_serial"] != nil {
      throw .source(
        source, "a role with MFA cannot be assumed without a person",
        remedy: "use 'aws configure export-credentials', or a role without mfa_serial")
    }
    if let file = fields["web_identity_token_file"] {
      return try await sts.assumeRole(
        role, webIdentityFile: file, session: fields["role_session_name"], environment: environment)
    }
    let base: Credentials?
    if let parent = fields["source_profile"] {
      base = try await resolve(parent, files: files, visited: visited, mayBeEmpty: false)
    } else {
      base = try await named(fields["credential_source"])
    }
    guard let base else {
      throw .source(
        source, "it names neither source_profile nor a credential_source that works",
        remedy: "add one of them")
    }
    return try await sts.assumeRole(
      role, session: fields["role_session_name"], externalID: fields["external_id"], with: base,
      source: source)
  }

  private func named(_ source: String?) async throws(AWSError) -> Credentials? {
    switch source {
    case "Environment": try EnvironmentCredentials(environment: environment).credentials()
    case "EcsContainer": try await ContainerCredentials(metadata: metadata).credentials()
    case "Ec2InstanceMetadata": try await InstanceCredentials(metadata: metadata).credentials()
    default: nil
    }
  }
}

/// Both files as one.
package struct ProfileFiles: Sendable {
  let configPath: String
  private let config: ProfileFile?
  private let credentials: ProfileFile?

  package init(environment: AWSEnvironment) {
    let home = environment["HOME"] ?? ""
    configPath = environment["AWS_CONFIG_FILE"] ?? "\(home)/.aws/config"
    let path = environment["AWS_SHARED_CREDENTIALS_FILE"] ?? "\(home)/.aws/credentials"
    config = environment.text(of: configPath).map { ProfileFile($0, isConfig: true) }
    credentials = environment.text(of: path).map { ProfileFile($0, isConfig: false) }
  }

  func fields(of profile: String) -> [String: String]? {
    ProfileFile.merged(config: config, credentials: credentials, profile: profile)
  }

  /// The region that a profile names.
  package func region(of profile: String) -> String? { fields(of: profile)?["region"] }
}
