import NIOCore

/// Runs a handler's task on its connection's event loop, so that an answer costs no thread hop.
///
/// NIO offers an event loop only as a serial executor; a task's preference needs this form (SE-0417).
final class EventLoopTaskExecutor: TaskExecutor {
  private let eventLoop: any EventLoop

  init(_ eventLoop: any EventLoop) { self.eventLoop = eventLoop }

  func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    let executor = asUnownedTaskExecutor()
    eventLoop.execute { job.runSynchronously(on: executor) }
  }
}
