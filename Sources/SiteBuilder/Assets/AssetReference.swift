/// A place in a style sheet or script that names another file.
struct AssetReference: Sendable, Hashable {
  /// The offsets of the address itself, without quotes.
  var range: Range<Int>
  var address: String
  /// Whether it is loaded only when the script asks: `import()`.
  var isDynamic = false
}

/// Why a script or style sheet cannot be read.
struct AssetSyntaxError: Error, Hashable {
  var message: String
  var offset: Int
}
