import RedisSchema
import Engine
import Ledger
import Logging
import RedisClient
import ServiceLifecycle
import Timing

/// Brings one partition's orders from the queue into the ledger: take a batch, commit it, acknowledge it; the next batch
/// is taken while Postgres commits the last.
///
/// Nothing is lost where this stops, dies or stalls: a batch that is not acknowledged goes to another worker when its
/// lease ends, and the ledger takes an order once however often it is put.
struct LedgerWriter: Service {
    let queue: OrderQueue
    /// The connection that waits for work; nothing else is sent on it.
    let blocking: RedisConnection
    let ledger: Ledger
    let catalogue: EventCatalogue
    /// What this worker is called among those that are seen.
    let name: String
    let batchSize: Int
    let lease: Duration
    let logger: Logger

    private static let wait = Duration.seconds(5)
    private static let busySizes = 16...
    private static let linger = Duration.milliseconds(20)
    let metrics = LedgerWriterMetrics()

    func run() async throws {
        await withGracefulShutdownHandler {
            await untilRedisMayBeUsed()
            await withTaskGroup(of: Void.self) { group in
                group.addTask { await keepUp() }
                await drain()
                group.cancelAll()
            }
        } onGracefulShutdown: {
            // Ends the wait for work at once; waiting takes nothing out of the queue.
            Task { await blocking.close() }
        }
    }

    private func untilRedisMayBeUsed() async {
        while !queue.isOpen, !Task.isShuttingDownGracefully, !Task.isCancelled { await pause(.milliseconds(10)) }
    }

    // MARK: The queue

    private func drain() async {
        var next = await firstBatch()
        while let batch = next {
            async let following = takeNext(after: batch.orders.count)
            await settle(batch)
            next = await following
            if next == nil { next = await firstBatch() }
        }
    }

    /// Waits for a batch; nil when the worker is to stop.
    private func firstBatch() async -> Batch? {
        var failures = 0
        while !Task.isShuttingDownGracefully, !Task.isCancelled {
            do throws(RedisError) {
                if let batch = try await queue.take(limit: batchSize) {
                    if failures > 0 { logger.notice("taking from the queue works again") }
                    return batch
                }
                try await queue.waitForWork(on: blocking, upTo: Self.wait)
            } catch {
                if error.code == .closed { return nil }
                failures += 1
                if failures == 1 {
                    logger.warning("the queue does not answer; trying again", metadata: ["reason": "\(error)"])
                }
                await pause(Backoff().delay(failures: failures))
            }
        }
        return nil
    }

    /// The batch after one of the given size, if there is one; a failure is left for the next wait to meet.
    ///
    /// Where orders come in fast but the batches are far from full, it waits a little first: a batch costs both stores a
    /// sync of their disks, whatever its size. (Measured: see docs/decisions/0016.) A lone order never waits.
    private func takeNext(after size: Int) async -> Batch? {
        if Self.busySizes.contains(size), size < batchSize / 2 { await pause(Self.linger) }
        return Task.isShuttingDownGracefully ? nil : try? await queue.take(limit: batchSize)
    }

    /// Sleeps, but not on when the worker is to stop.
    func pause(_ duration: Duration) async {
        try? await cancelWhenGracefulShutdown { try await Task.sleep(for: duration) }
    }
}
