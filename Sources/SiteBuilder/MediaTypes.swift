/// Media types by file extension, with the charset where the type has one.
enum MediaTypes {
  private static let types: [String: String] = [
    "html": "text/html; charset=utf-8", "htm": "text/html; charset=utf-8",
    "css": "text/css; charset=utf-8", "js": "text/javascript; charset=utf-8",
    "mjs": "text/javascript; charset=utf-8", "json": "application/json",
    "map": "application/json", "txt": "text/plain; charset=utf-8",
    "md": "text/markdown; charset=utf-8", "csv": "text/csv; charset=utf-8",
    "yaml": "application/yaml", "yml": "application/yaml",
    "xml": "application/xml; charset=utf-8",
    "atom": "application/atom+xml; charset=utf-8", "rss": "application/rss+xml; charset=utf-8",
    "webmanifest": "application/manifest+json", "svg": "image/svg+xml; charset=utf-8",
    "png": "image/png", "jpg": "image/jpeg", "jpeg": "image/jpeg", "gif": "image/gif",
    "webp": "image/webp", "avif": "image/avif", "ico": "image/x-icon",
    "woff": "font/woff", "woff2": "font/woff2", "ttf": "font/ttf", "otf": "font/otf",
    "wasm": "application/wasm", "pdf": "application/pdf", "zip": "application/zip",
    "mp4": "video/mp4", "webm": "video/webm", "mp3": "audio/mpeg", "ogg": "audio/ogg",
    "wav": "audio/wav", "vtt": "text/vtt; charset=utf-8",
  ]

  private static let compressible: Set<String> = [
    "html", "htm", "css", "js", "mjs", "json", "map", "xml", "rss", "atom", "svg", "webmanifest",
    "wasm", "ttf", "otf", "ico", "txt", "md", "csv", "yaml", "yml", "vtt",
  ]

  /// The extension of a key in lower case, without the dot.
  static func fileExtension(_ key: String) -> String {
    let name = key[(key.lastIndex(of: "/").map(key.index(after:)) ?? key.startIndex)...]
    guard let dot = name.lastIndex(of: "."), dot != name.startIndex else { return "" }
    return name[name.index(after: dot)...].lowercased()
  }

  static func type(of key: String) -> String {
    types[fileExtension(key)] ?? "application/octet-stream"
  }

  static func isScript(_ key: String) -> Bool { ["js", "mjs"].contains(fileExtension(key)) }

  /// Whether compressing files of this kind can help.
  static func isCompressible(_ key: String) -> Bool { compressible.contains(fileExtension(key)) }
}
