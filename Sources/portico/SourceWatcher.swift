import Foundation

#if canImport(Glibc)
  import Glibc
#endif

/// Watches folders for changes, the whole tree, by inotify(7); editors' bursts become one event.
final class SourceWatcher: Sendable {
  /// Paths that changed since the last event, in order and without repeats.
  let changes: AsyncStream<[String]>
  private let stop: AsyncStream<[String]>.Continuation

  /// Milliseconds of silence that end a burst: editors write, rename and touch within a few.
  private static let quietMS: Int32 = 25

  init(folders: [String], files: [String]) {
    let (stream, continuation) = AsyncStream.makeStream(
      of: [String].self, bufferingPolicy: .bufferingNewest(16))
    changes = stream
    stop = continuation
    // inotify's read blocks, which no thread of the cooperative pool may do.
    Thread.detachNewThread {
      var tree = WatchedTree(folders: folders, files: files)
      while let changed = tree.next(quietMS: Self.quietMS) {
        if case .terminated = continuation.yield(changed) { return }
      }
      continuation.finish()
    }
  }

  func cancel() { stop.finish() }
}

/// One inotify descriptor with a watch per folder.
private struct WatchedTree {
  private let descriptor: Int32
  private let files: Set<String>
  private var paths: [Int32: String] = [:]
  private static let mask = UInt32(
    IN_CLOSE_WRITE | IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO)
  /// Watches are a kernel resource; a site has far fewer folders.
  private static let folderBound = 8_192

  init(folders: [String], files: [String]) {
    descriptor = inotify_init1(Int32(IN_CLOEXEC))
    self.files = Set(files)
    for folder in folders { watch(folder) }
    for file in files { watchFlat((file as NSString).deletingLastPathComponent) }
  }

  private mutating func watchFlat(_ folder: String) {
    let path = folder.isEmpty ? "." : folder
    let watch = inotify_add_watch(descriptor, path, Self.mask)
    if watch >= 0, paths[watch] == nil { paths[watch] = "\u{0}" + path }
  }

  private mutating func watch(_ folder: String) {
    guard paths.count < Self.folderBound else { return }
    let added = inotify_add_watch(descriptor, folder, Self.mask)
    guard added >= 0 else { return }
    paths[added] = folder
    for name in (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [] {
      var isFolder: ObjCBool = false
      let path = "\(folder)/\(name)"
      if FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), isFolder.boolValue {
        watch(path)
      }
    }
  }

  /// Blocks until something changed and then fell silent; nil when the descriptor is gone.
  mutating func next(quietMS: Int32) -> [String]? {
    guard descriptor >= 0 else { return nil }
    var changed: [String] = []
    while true {
      var waiting = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
      let ready = poll(&waiting, 1, changed.isEmpty ? -1 : quietMS)
      if ready < 0, errno != EINTR { return nil }
      if ready == 0 { return changed }
      if ready > 0 { read(into: &changed) }
    }
  }

  private mutating func read(into changed: inout [String]) {
    var buffer = [UInt8](repeating: 0, count: 16_384)
    let count = Glibc.read(descriptor, &buffer, buffer.count)
    var at = 0
    let header = MemoryLayout<inotify_event>.size
    while count > 0, at + header <= count {
      let (watch, mask, length) = buffer.withUnsafeBytes { bytes in
        (
          bytes.loadUnaligned(fromByteOffset: at, as: Int32.self),
          bytes.loadUnaligned(fromByteOffset: at + 4, as: UInt32.self),
          Int(bytes.loadUnaligned(fromByteOffset: at + 12, as: UInt32.self))
        )
      }
      let name = String(
        decoding: buffer[at + header..<at + header + length].prefix { $0 != 0 }, as: UTF8.self)
      at += header + length
      note(watch, mask, name, into: &changed)
    }
  }

  private mutating func note(
    _ watch: Int32, _ mask: UInt32, _ name: String, into changed: inout [String]
  ) {
    guard let folder = paths[watch], !name.hasPrefix("."), !name.hasSuffix("~") else { return }
    if folder.hasPrefix("\u{0}") {
      let path = folder.dropFirst() == "." ? name : "\(folder.dropFirst())/\(name)"
      if files.contains(path), !changed.contains(path) { changed.append(path) }
      return
    }
    let path = "\(folder)/\(name)"
    if mask & UInt32(IN_ISDIR) != 0, mask & UInt32(IN_CREATE | IN_MOVED_TO) != 0 {
      self.watch(path)
    }
    if !changed.contains(path) { changed.append(path) }
  }
}
