import Foundation

/// A serial executor with a thread of its own, so that libpq's waits never take a thread of the cooperative pool.
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

    /// Lets the thread end once everything that was enqueued has run. Called once, by the owner's deinitialiser.
    func stop() {
        queue.close()
    }
}

/// Jobs in order of arrival, under a condition.
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
