import Diagnostics
import JSON

extension BundleManifest {
  /// The manifest as bytes: sorted, indented, without times, so that equal bundles are equal files.
  package func encoded() -> [UInt8] {
    let document: JSON = [
      "schema": .int(Self.schema),
      "baseURL": .string(baseURL),
      "coders": .object(
        JSONObject(coders.sorted { $0.key < $1.key }.map { ($0.key, .string($0.value)) })),
      "headerGroups": .object(
        JSONObject(
          headerGroups.map { name, fields in
            (name, .array(fields.map { [.string($0.name), .string($0.value)] }))
          })),
      "redirects": .array(
        redirects.map {
          ["from": .string($0.from), "to": .string($0.to), "status": .int($0.status)]
        }),
      "spaRoutes": .array(
        spaRoutes.map { ["prefix": .string($0.prefix), "shell": .string($0.shell)] }),
      "entries": .array(entries.map(Self.encode)),
    ]
    return Array((document.prettyText + "\n").utf8)
  }

  private static func encode(_ entry: BundleEntry) -> JSON {
    [
      "key": .string(entry.key), "kind": .string(entry.kind.rawValue),
      "sha256": .string(entry.sha256), "bytes": .int(entry.bytes),
      "contentType": .string(entry.contentType), "cacheControl": .string(entry.cacheControl),
      "headerGroup": .string(entry.headerGroup),
      "publish": "raw",
      "encodings": .array(
        entry.encodings.map {
          [
            "coding": .string($0.coding), "key": .string($0.key), "sha256": .string($0.sha256),
            "bytes": .int($0.bytes),
          ]
        }),
    ]
  }

  /// Reads a manifest; a newer schema or a key that leaves the folder is refused.
  package init(decoding bytes: [UInt8], file: String) throws(Diagnostic) {
    let document: JSON
    do {
      document = try JSON(parsing: bytes)
    } catch {
      throw Diagnostic(
        .manifestUnreadable, "the bundle's manifest is not JSON: \(error.reason)",
        at: Place(file: file, text: bytes, offset: error.offset),
        remedy: "run 'portico build' again")
    }
    guard let schema = document["schema"]?.int, schema == Self.schema else {
      throw Diagnostic(
        .manifestUnreadable,
        "the bundle's manifest has schema \(document["schema"]?.int ?? 0), this program reads \(Self.schema)",
        at: Place(file: file), remedy: "run 'portico build' with this program")
    }
    guard let entries = document["entries"]?.array?.map(Self.entry),
      !entries.contains(where: { $0 == nil })
    else {
      throw Diagnostic(
        .manifestUnreadable, "the bundle's manifest has an entry that is not whole",
        at: Place(file: file), remedy: "run 'portico build' again")
    }
    self.init(
      entries: entries.compactMap { $0 },
      headerGroups: Self.groups(document["headerGroups"]),
      redirects: document["redirects"]?.array?.compactMap(Self.redirect) ?? [],
      spaRoutes: document["spaRoutes"]?.array?.compactMap(Self.route) ?? [],
      baseURL: document["baseURL"]?.string ?? "",
      coders: Dictionary(
        (document["coders"]?.object ?? JSONObject()).map { ($0.name, $0.value.string ?? "") },
        uniquingKeysWith: { first, _ in first }))
  }

  private static func entry(_ json: JSON) -> BundleEntry? {
    guard let key = json["key"]?.string, isSafe(key),
      let kind = json["kind"]?.string.flatMap(BundleEntry.Kind.init(rawValue:)),
      let sha256 = json["sha256"]?.string, sha256.utf8.count == 64, let bytes = json["bytes"]?.int,
      let contentType = json["contentType"]?.string,
      let cacheControl = json["cacheControl"]?.string, let group = json["headerGroup"]?.string,
      let variants = json["encodings"]?.array?.map(variant),
      !variants.contains(where: { $0 == nil })
    else { return nil }
    return BundleEntry(
      key: key, kind: kind, sha256: sha256, bytes: bytes, contentType: contentType,
      cacheControl: cacheControl, headerGroup: group, encodings: variants.compactMap { $0 })
  }

  private static func variant(_ json: JSON) -> EncodedVariant? {
    guard let coding = json["coding"]?.string, let key = json["key"]?.string, isSafe(key),
      let sha256 = json["sha256"]?.string, let bytes = json["bytes"]?.int
    else { return nil }
    return EncodedVariant(coding: coding, key: key, sha256: sha256, bytes: bytes)
  }

  private static func groups(_ json: JSON?) -> [String: [HeaderPair]] {
    var groups: [String: [HeaderPair]] = [:]
    for (name, fields) in json?.object ?? JSONObject() {
      groups[name] = fields.array?.compactMap { pair in
        guard let name = pair[0]?.string, let value = pair[1]?.string else { return nil }
        return HeaderPair(name, value)
      }
    }
    return groups
  }

  private static func redirect(_ json: JSON) -> Redirect? {
    guard let from = json["from"]?.string, let to = json["to"]?.string else { return nil }
    return Redirect(from: from, to: to, status: json["status"]?.int ?? 301)
  }

  private static func route(_ json: JSON) -> SPARoute? {
    guard let prefix = json["prefix"]?.string, let shell = json["shell"]?.string else { return nil }
    return SPARoute(prefix: prefix, shell: shell)
  }

  /// Whether a key names a publishable file below the root: no empty, dot or hidden segment.
  package static func isSafe(_ key: String) -> Bool {
    let segments = key.split(separator: "/", omittingEmptySubsequences: false)
    if key.utf8.contains(where: { $0 < 0x20 || $0 == 0x7F || $0 == UInt8(ascii: "\\") }) {
      return false
    }
    return !segments.isEmpty
      && segments.enumerated().allSatisfy { position, segment in
        !segment.isEmpty && (!segment.hasPrefix(".") || (position == 0 && segment == ".well-known"))
      }
  }
}

extension DiagnosticCode {
  /// The bundle's manifest is missing, damaged or of another schema.
  package static let manifestUnreadable: DiagnosticCode = "B001"
  /// A file of the bundle is missing or differs from the manifest.
  package static let bundleDamaged: DiagnosticCode = "B002"
  /// The output folder cannot be written.
  package static let outputUnwritable: DiagnosticCode = "B003"
}
