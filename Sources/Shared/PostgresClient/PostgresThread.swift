import Foundation

/// A serial executor with its own thread, so that libpq's waits never block a thread of the cooperative pool.
///
/// The thread starts with the executor and ends when `stop()` is called and its queue is empty.
final class PostgresThread: SerialExecutor {
    private let queue = JobQueue()

    init(name: String) {
        let queue = queue
        let thread = Thread { [unowned self] in
            while let job = queue.next() { job.runSynchronously(on: self.asUnownedSerialExecutor()) }
        }
        thread.name = name
        thread.stackSize = 512 * 1024
        thread.start()
    }

    func enqueue(_ job: consuming ExecutorJob) {
        queue.append(UnownedJob(job))
    }

    /// Ends the thread after all enqueued jobs have run. The owner's deinitialiser calls this once.
    func stop() {
        queue.close()
    }
}

/// Jobs in the order of their arrival, guarded by a condition.
private final class JobQueue: @unchecked Sendable {  // every access to its fields holds `condition`
    private let condition = NSCondition()
    private var jobs: [UnownedJob] = []
    private var head = 0
    private var isClosed = false

    func append(_ job: UnownedJob) {
        condition.lock()
        jobs.append(job)
        condition.signal()
        condition.unlock()
    }

    /// Waits for a job; nil once the queue is closed and empty.
    func next() -> UnownedJob? {
        condition.lock()
        defer { condition.unlock() }
        while head == jobs.count {
            if isClosed { return nil }
            jobs.removeAll(keepingCapacity: true)
            head = 0
            condition.wait()
        }
        head += 1
        return jobs[head - 1]
    }

    func close() {
        condition.lock()
        isClosed = true
        condition.signal()
        condition.unlock()
    }
}
