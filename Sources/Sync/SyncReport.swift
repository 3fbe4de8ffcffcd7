import Diagnostics
import JSON
import SiteBundle

/// What a sync is about to do.
package struct PreparedSync: Sendable {
  /// The bundle's manifest.
  package let bundle: BundleManifest
  /// The record of the last deploy.
  package let deployed: DeployManifest?
  let recordTag: String?
  /// What will be sent.
  package let plan: SyncPlan
  /// What the edge will be told to forget.
  package let expectedInvalidation: [String]
}

/// What a sync did.
package struct SyncReport: Sendable {
  /// An invalidation that CloudFront accepted.
  package struct Invalidation: Sendable, Hashable {
    package var id: String
    package var paths: [String]
  }

  /// The plan that was executed.
  package let plan: SyncPlan
  /// Keys that were sent.
  package var sent: [String] = []
  /// Keys that were found to be there already.
  package var recognised: [String] = []
  /// The invalidation, when there was one.
  package var invalidation: Invalidation?
  /// Everything was done.
  package var isComplete = false
  /// What went wrong or should be known.
  package var findings: [Diagnostic] = []
  var record: DeployManifest?
  var recordTag: String?

  init(prepared: PreparedSync) { plan = prepared.plan }

  /// 0 done, 1 nothing was changed, 2 partly done and safe to repeat.
  package var exitCode: Int32 {
    if isComplete { return 0 }
    return sent.isEmpty && record == nil ? 1 : 2
  }
}

extension SyncPlan {
  /// The plan for machines.
  package func json(expectedInvalidation: [String]) -> JSON {
    [
      "upload": .array(
        uploads.map {
          [
            "key": .string($0.entry.key), "reason": .string($0.reason.rawValue),
            "bytes": .int($0.entry.bytes), "contentType": .string($0.entry.contentType),
            "cacheControl": .string($0.entry.cacheControl),
          ]
        }),
      "kept": .int(kept.count),
      "stale": .array(stale.map { .string($0) }),
      "foreign": .array(foreign.map { .string($0) }),
      "invalidate": .array(expectedInvalidation.map { .string($0) }),
    ]
  }

  /// The plan for people: what is sent and why, then what is left alone.
  ///
  /// - Parameter limit: lines per list before the rest is counted.
  package func text(expectedInvalidation: [String], limit: Int = 20) -> String {
    var lines: [String] = []
    let uploads = uploads
    for upload in uploads.prefix(limit) {
      let reason = upload.reason.rawValue
      let padding = String(repeating: " ", count: max(1, 9 - reason.count))
      lines.append("  \(reason)\(padding)\(Self.size(upload.entry.bytes))  \(upload.entry.key)")
    }
    if uploads.count > limit { lines.append("  ... and \(uploads.count - limit) more") }
    let bytes = uploads.reduce(0) { $0 + $1.entry.bytes }
    lines.append(
      "send \(uploads.count) files (\(Self.size(bytes).drop { $0 == " " })), keep \(kept.count)")
    for (name, keys) in [("stale", stale), ("foreign", foreign)] where !keys.isEmpty {
      let shown = keys.prefix(3).joined(separator: ", ")
      lines.append("left alone, \(name): \(keys.count) (\(shown)\(keys.count > 3 ? ", ..." : ""))")
    }
    if !expectedInvalidation.isEmpty {
      let shown = expectedInvalidation.prefix(5).joined(separator: " ")
      let rest = expectedInvalidation.count > 5 ? " ..." : ""
      lines.append("invalidate \(expectedInvalidation.count) paths: \(shown)\(rest)")
    }
    return lines.joined(separator: "\n") + "\n"
  }

  /// A size in eight columns.
  static func size(_ bytes: Int) -> String {
    let units = ["B  ", "KiB", "MiB", "GiB"]
    var tenths = bytes * 10
    var unit = 0
    while tenths >= 10_240, unit < units.count - 1 {
      tenths /= 1024
      unit += 1
    }
    let number = unit == 0 ? "\(bytes)" : "\(tenths / 10).\(tenths % 10)"
    return String(repeating: " ", count: max(0, 6 - number.count)) + "\(number) \(units[unit])"
  }
}

extension SyncReport {
  /// The report for machines.
  package var json: JSON {
    var object = JSONObject([
      ("complete", .bool(isComplete)), ("sent", .array(sent.map { .string($0) })),
      ("recognised", .array(recognised.map { .string($0) })), ("kept", .int(plan.kept.count)),
      ("release", .string(record?.release ?? "")),
      ("findings", .array(findings.map(\.json))),
    ])
    if let invalidation {
      object["invalidation"] = [
        "id": .string(invalidation.id),
        "paths": .array(invalidation.paths.map { .string($0) }),
      ]
    }
    return .object(object)
  }
}
