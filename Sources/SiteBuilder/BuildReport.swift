import Diagnostics
import JSON

extension SiteBuild {
  /// What a build did.
  package struct Report: Sendable {
    /// Pages, without files and assets.
    package var pages = 0
    /// Published files of all kinds.
    package var files = 0
    /// Their bytes before compression.
    package var bytes = 0
    /// Bytes of the compressed variants by content coding.
    package var encodedBytes: [String: Int] = [:]
    /// Duration of the whole build.
    package var milliseconds = 0
    /// Stages in their order.
    package var stages: [(name: String, milliseconds: Int)] = []
    package var warnings: [Diagnostic] = []

    /// The report for machines.
    package var json: JSON {
      [
        "pages": .int(pages), "files": .int(files), "bytes": .int(bytes),
        "gzipBytes": .int(encodedBytes["gzip"] ?? 0),
        "brotliBytes": .int(encodedBytes["br"] ?? 0), "milliseconds": .int(milliseconds),
        "stages": .object(JSONObject(stages.map { ($0.name, .int($0.milliseconds)) })),
        "warnings": .array(warnings.map(\.json)),
      ]
    }

    /// The report for people.
    package func text(folder: String) -> String {
      let slowest = stages.sorted { $0.milliseconds > $1.milliseconds }.prefix(3)
        .map { "\($0.name) \($0.milliseconds) ms" }.joined(separator: ", ")
      let encoded = encodedBytes.sorted { $0.key > $1.key }
        .map { "\(Self.size($0.value)) as \($0.key)" }.joined(separator: ", ")
      return """
        built \(folder): \(pages) pages, \(files) files, \(Self.size(bytes)) \
        (\(encoded)) in \(milliseconds) ms
        slowest: \(slowest)

        """
    }

    private static func size(_ bytes: Int) -> String {
      if bytes < 10_000 { return "\(bytes) bytes" }
      if bytes < 10_000_000 { return "\(bytes / 1_000) kB" }
      return "\(bytes / 1_000_000) MB"
    }
  }
}
