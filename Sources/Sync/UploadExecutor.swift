import AWS
import Cryptography
import Diagnostics
import SiteBundle
import Synchronization

/// One upload that is done.
struct UploadResult: Sendable, Hashable {
  var object: DeployedObject
  /// It was there already; nothing was sent.
  var wasRecognised: Bool
  /// A copy at the edge may be old now.
  var isStaleAtEdge: Bool
}

/// Sends the files of a plan: bounded, group after group, and stops at the first failure.
struct UploadExecutor: Sendable {
  /// What came of it.
  struct Outcome: Sendable {
    var results: [String: UploadResult] = [:]
    /// Why it stopped, when it did not finish.
    var failure: Diagnostic?
  }

  let store: S3Client
  let folder: BundleFolder
  let target: SyncTarget
  let endpoint: String
  let progress: @Sendable (SyncProgress) -> Void

  /// Bodies are held whole, so the large ones go few at a time: memory stays bounded by
  /// `connections` × this, or `largeAtOnce` large files.
  private static let largeFrom = 1 << 20
  private static let largeAtOnce = 2

  func run(_ plan: SyncPlan) async -> Outcome {
    let board = Board(plan: plan, progress: progress)
    for phase in plan.phases {
      let small = phase.filter { $0.entry.bytes < Self.largeFrom }
      let large = phase.filter { $0.entry.bytes >= Self.largeFrom }
      await work(small, workers: target.connections, board)
      await work(large, workers: min(Self.largeAtOnce, target.connections), board)
      if board.hasFailed { break }
    }
    return board.outcome
  }

  private func work(_ uploads: [Upload], workers: Int, _ board: Board) async {
    board.load(uploads)
    await withTaskGroup(of: Void.self) { group in
      for _ in 0..<min(workers, uploads.count) {
        group.addTask {
          while let upload = board.next() {
            do throws(Diagnostic) {
              board.finish(upload, try await perform(upload))
            } catch {
              board.fail(error)
            }
          }
        }
      }
    }
  }

  private func perform(_ upload: Upload) async throws(Diagnostic) -> UploadResult {
    let entry = upload.entry
    let key = target.prefix + entry.key
    do throws(AWSError) {
      if upload.mayBeThere, let tag = try await recognise(entry, key) {
        return result(upload, eTag: tag, wasRecognised: true)
      }
    } catch {
      throw error.diagnostic(while: "look at '\(key)'", endpoint: endpoint)
    }
    let bytes = try folder.read(entry.key, sha256: entry.sha256)
    let digest = Digest(bytes: Hex.decode(entry.sha256) ?? [])
    do throws(AWSError) {
      let tag = try await store.put(
        key, body: bytes, sha256: digest,
        headers: ObjectHeaders(contentType: entry.contentType, cacheControl: entry.cacheControl))
      return result(upload, eTag: tag, wasRecognised: false)
    } catch {
      throw error.diagnostic(while: "send '\(key)'", endpoint: endpoint)
    }
  }

  /// The tag of an object that has the very bytes and fields already, by the checksum that it was
  /// stored with.
  private func recognise(_ entry: BundleEntry, _ key: String) async throws(AWSError) -> String? {
    guard let head = try await store.head(key), let checksum = head.checksum,
      checksum == Hex.decode(entry.sha256).map(Base64.encode), head.bytes == entry.bytes,
      head.headers.contentType == entry.contentType,
      head.headers.cacheControl == entry.cacheControl
    else { return nil }
    return head.eTag
  }

  private func result(_ upload: Upload, eTag: String, wasRecognised: Bool) -> UploadResult {
    let entry = upload.entry
    return UploadResult(
      object: DeployedObject(
        sha256: entry.sha256, bytes: entry.bytes, contentType: entry.contentType,
        cacheControl: entry.cacheControl, eTag: eTag),
      wasRecognised: wasRecognised,
      isStaleAtEdge: SyncPlan.staleAtEdge(upload, wasRecognised: wasRecognised))
  }
}

/// What the workers share: the queue, the results, the first failure.
private final class Board: Sendable {
  private struct State {
    var queue: [Upload] = []
    var position = 0
    var outcome = UploadExecutor.Outcome()
    var progress = SyncProgress()
  }

  private let state: Mutex<State>
  private let report: @Sendable (SyncProgress) -> Void

  init(plan: SyncPlan, progress: @escaping @Sendable (SyncProgress) -> Void) {
    var state = State()
    let uploads = plan.uploads
    state.progress.filesTotal = uploads.count
    state.progress.bytesTotal = uploads.reduce(0) { $0 + $1.entry.bytes }
    self.state = Mutex(state)
    report = progress
  }

  var hasFailed: Bool { state.withLock { $0.outcome.failure != nil } }

  var outcome: UploadExecutor.Outcome { state.withLock { $0.outcome } }

  func load(_ uploads: [Upload]) {
    state.withLock { state in
      state.queue = uploads
      state.position = 0
    }
  }

  func next() -> Upload? {
    state.withLock { state in
      guard state.outcome.failure == nil, state.position < state.queue.count else { return nil }
      state.position += 1
      return state.queue[state.position - 1]
    }
  }

  func finish(_ upload: Upload, _ result: UploadResult) {
    let progress = state.withLock { state in
      state.outcome.results[upload.entry.key] = result
      state.progress.filesDone += 1
      state.progress.bytesDone += upload.entry.bytes
      return state.progress
    }
    report(progress)
  }

  func fail(_ diagnostic: Diagnostic) {
    state.withLock { state in
      if state.outcome.failure == nil { state.outcome.failure = diagnostic }
    }
  }
}
