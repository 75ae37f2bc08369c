import Engine
import Ledger
import Logging
import RedisClient
import RedisSchema
import ServiceLifecycle
import Timing

/// Writes the orders of one partition from the queue to the ledger: takes a batch, commits it and acknowledges it. The
/// next batch is taken while PostgreSQL commits the current one.
///
/// If the writer stops, dies or stalls, no order is lost: another worker takes over an unacknowledged batch when its
/// lease expires, and the ledger stores an order once even if several workers write it.
struct LedgerWriter: Service {
    let queue: OrderQueue
    /// The connections for the blocking wait; no other command is sent on them.
    let blocking: RedisClient
    let ledger: Ledger
    let catalogue: EventCatalogue
    /// The name of this worker in the list of active workers.
    let name: String
    let batchSize: Int
    let lease: Duration
    let memoryMark: MemoryMark
    /// Called when the ledger has settled a batch.
    let settled: @Sendable () -> Void
    let logger: Logger

    private static let longestWait = Duration.seconds(5)
    private static let busySizes = 16...
    private static let linger = Duration.milliseconds(20)
    let metrics = LedgerWriterMetrics()

    func run() async throws {
        await withGracefulShutdownHandler {
            await waitUntilOpen()
            await withTaskGroup(of: Void.self) { group in
                group.addTask { await maintain() }
                await writeBatches()
                group.cancelAll()
            }
        } onGracefulShutdown: {
            // Ends the blocking wait at once. The wait takes no entries out of the queue, so none are lost.
            Task { await blocking.close() }
        }
    }

    private func waitUntilOpen() async {
        while !queue.isOpen, !Task.isShuttingDownGracefully, !Task.isCancelled { await pause(.milliseconds(10)) }
    }

    // MARK: The queue

    private func writeBatches() async {
        var next = await firstBatch()
        while let batch = next {
            async let following = nextBatch(after: batch.orders.count)
            await settle(batch)
            next = await following
            if next == nil { next = await firstBatch() }
        }
    }

    /// Waits for a batch; nil if the worker stops.
    private func firstBatch() async -> Batch? {
        var failures = 0
        while !Task.isShuttingDownGracefully, !Task.isCancelled {
            do throws(RedisError) {
                if let batch = try await queue.take(limit: batchSize) {
                    if failures > 0 { logger.notice("reading the queue works again") }
                    return batch
                }
                try await queue.waitForWork(on: queue.connection(of: blocking), upTo: Self.longestWait)
            } catch {
                // Connections to a node that has left the cluster are closed too.
                if error.code == .closed, Task.isShuttingDownGracefully || Task.isCancelled { return nil }
                failures += 1
                if failures == 1 {
                    logger.warning("cannot read the queue; retrying", metadata: ["reason": "\(error)"])
                }
                await pause(Backoff().delay(failures: failures))
            }
        }
        return nil
    }

    /// The next batch, if the queue has entries. A failure is ignored here, because ``firstBatch()`` meets it again.
    ///
    /// If orders arrive fast but batches are far from full, it lingers first: each batch costs both stores a disk sync,
    /// whatever its size. (Measured: see docs/decisions/0016.) A single order never waits.
    ///
    /// - Parameter size: the size of the current batch.
    private func nextBatch(after size: Int) async -> Batch? {
        if Self.busySizes.contains(size), size < batchSize / 2 { await pause(Self.linger) }
        return Task.isShuttingDownGracefully ? nil : try? await queue.take(limit: batchSize)
    }

    /// Sleeps; returns early if the worker stops.
    func pause(_ duration: Duration) async {
        try? await cancelWhenGracefulShutdown { try await Task.sleep(for: duration) }
    }
}
