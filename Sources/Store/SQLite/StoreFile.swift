import Diagnostics

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// The files of a store on disk: their modes, their lock, and that the folder knows of them.
enum StoreFile {
  /// Read and write for the owner, nothing for others: accounts and ledgers are in it.
  static let mode: mode_t = 0o600

  /// The database and the two files SQLite keeps beside it.
  static func family(_ path: String) -> [String] { [path, path + "-wal", path + "-shm"] }

  /// Makes the file with its mode if there is none, and takes others' rights from it if there is.
  ///
  /// SQLite gives -wal and -shm the mode of the database, so it must be right before it opens it.
  static func prepare(_ path: String) throws {
    let created = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, mode)
    if created >= 0 {
      close(created)
      try syncFolder(of: path)
    } else if errno != EEXIST {
      throw unreadable(path)
    }
    for file in family(path) where chmod(file, mode) != 0 && (file == path || errno != ENOENT) {
      throw unreadable(file)
    }
  }

  /// The size of a file, or nil when there is none.
  static func size(_ path: String) -> Int? {
    var info = stat()
    return stat(path, &info) == 0 ? Int(info.st_size) : nil
  }

  /// The rights of a file, or nil when there is none.
  static func permissions(_ path: String) -> mode_t? {
    var info = stat()
    return stat(path, &info) == 0 ? info.st_mode & 0o777 : nil
  }

  /// Waits until the file's bytes are on the disk.
  static func sync(_ path: String) throws {
    let file = open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { throw unreadable(path) }
    defer { close(file) }
    guard fsync(file) == 0 else { throw unreadable(path) }
  }

  /// Waits until the folder's entries are on the disk: a file without its name is lost.
  static func syncFolder(of path: String) throws { try sync(folder(of: path)) }

  /// Gives a file another name, replacing what had it, and waits until the folder knows.
  static func rename(_ from: String, to: String) throws {
    guard renameFile(from, to) == 0 else { throw unreadable(to) }
    try syncFolder(of: to)
  }

  /// Removes a file if it is there.
  static func remove(_ path: String) {
    _ = unlink(path)
  }

  static func unreadable(_ path: String) -> Diagnostic {
    let reason = String(cString: strerror(errno))
    return Diagnostic(
      .storeUnreadable, "'\(path)' cannot be used: \(reason)", at: Place(file: path),
      remedy: "give a folder that this user may write, with --data or store.path")
  }
}

private func renameFile(_ from: String, _ to: String) -> CInt {
  rename(from, to)
}

/// Keeps a second process from serving the same file; released when the process ends, however.
final class StoreLock: Sendable {
  private let file: CInt

  init(_ path: String) throws {
    let lock = path + ".lock"
    file = open(lock, O_RDWR | O_CREAT | O_CLOEXEC, StoreFile.mode)
    guard file >= 0 else { throw StoreFile.unreadable(lock) }
    guard flock(file, LOCK_EX | LOCK_NB) == 0 else {
      close(file)
      throw Diagnostic(
        .storeLocked, "'\(path)' is in use by another process", at: Place(file: path),
        remedy: "stop the other 'portico serve', or give this one another --data folder")
    }
  }

  deinit { close(file) }
}
