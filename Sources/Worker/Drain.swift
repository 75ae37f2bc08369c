import Logging
import Metrics
import ServiceLifecycle
import Shared

/// Brings one partition's orders from the queue into the ledger: take a batch, commit it, acknowledge it; the next batch
/// is taken while Postgres commits the last.
///
/// Nothing is lost where this stops, dies or stalls: a batch that is not acknowledged goes to another worker when its
/// lease ends, and the ledger takes an order once however often it is put.
struct Drain: Service {
    let queue: OrderQueue
    /// The connection that waits for work; nothing else is sent on it.
    let blocking: RedisConnection
    let ledger: Ledger
    let batchSize: Int
    let lease: Duration
    let logger: Logger

    private static let wait = Duration.seconds(5)
    private static let busySizes = 16...
    private static let linger = Duration.milliseconds(20)
    private let batchSizes = Recorder(label: "ticketblitz_worker_batch_size")

    func run() async throws {
        try await withGracefulShutdownHandler {
            try await prepare()
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await drain() }
                group.addTask { try await reclaim() }
                try await group.next()
                group.cancelAll()
                try await group.waitForAll()
            }
        } onGracefulShutdown: {
            // Ends the wait for work at once; waiting takes nothing out of the queue.
            Task { await blocking.close() }
        }
    }

    private func prepare() async throws {
        try await cancelWhenGracefulShutdown {
            try await retrying("preparing the ledger", logger: logger, unless: { $0 is MigrationError }) {
                try await ledger.migrate()
            }
        }
    }

    // MARK: The queue

    private func drain() async throws {
        var next = try await firstBatch()
        while let batch = next {
            async let following = takeNext(after: batch.orders.count)
            try await settle(batch)
            next = await following
            if next == nil { next = try await firstBatch() }
        }
    }

    /// Waits for a batch; nil when the worker is to stop.
    private func firstBatch() async throws -> Batch? {
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
    /// sync of their disks, whatever its size. (Measured: see docs/architecture.md.) A lone order never waits.
    private func takeNext(after size: Int) async -> Batch? {
        if Self.busySizes.contains(size), size < batchSize / 2 { await pause(Self.linger) }
        return Task.isShuttingDownGracefully ? nil : try? await queue.take(limit: batchSize)
    }

    // MARK: One batch

    /// Brings a batch to its end, or leaves it to whoever takes it over.
    private func settle(_ batch: Batch) async throws {
        batchSizes.record(batch.orders.count)
        guard let settlements = await settlements(of: batch) else { return }
        report(batch, settlements)
        await acknowledge(batch, settlements)
    }

    /// Puts the batch to the ledger until it is settled; nil where its lease was lost, or it was given back at the stop.
    private func settlements(of batch: Batch) async -> [Settlement]? {
        var failures = 0
        while true {
            do {
                let settlements = try await ledger.settle(batch.orders)
                if failures > 0 { logger.notice("the ledger answers again") }
                return settlements
            } catch {
                failures += 1
                if failures == 1 {
                    logger.warning("the ledger does not take a batch; trying again", metadata: ["reason": "\(error)"])
                }
                if Task.isShuttingDownGracefully || Task.isCancelled {
                    // Not committed, as far as we know: someone else finds out, and may do so at once.
                    try? await queue.release(batch.token)
                    logger.notice("gave a batch back", metadata: ["orders": "\(batch.orders.count)"])
                    return nil
                }
                await pause(Backoff().delay(failures: failures))
                guard await stillHolds(batch) else { return nil }
            }
        }
    }

    /// Begins the lease anew before another attempt. Where Redis does not answer, the attempt does no harm either.
    private func stillHolds(_ batch: Batch) async -> Bool {
        guard (try? await queue.renew(batch.token)) == false else { return true }
        logger.notice("another worker took over a batch", metadata: ["orders": "\(batch.orders.count)"])
        return false
    }

    /// Tells Redis, for as long as the lease can last; after that another worker does it.
    private func acknowledge(_ batch: Batch, _ settlements: [Settlement]) async {
        let deadline = ContinuousClock.now + lease
        var failures = 0
        while true {
            do throws(RedisError) {
                if try await !queue.acknowledge(batch, settlements), failures == 0 {
                    logger.notice("a batch was settled late; another worker has it", metadata: ["token": "\(batch.token)"])
                }
                return
            } catch {
                failures += 1
                if failures == 1 {
                    logger.warning("a batch cannot be acknowledged; trying again", metadata: ["reason": "\(error)"])
                }
                guard ContinuousClock.now < deadline, !Task.isCancelled else { return }
                try? await Task.sleep(for: Backoff().delay(failures: failures))
            }
        }
    }

    private func report(_ batch: Batch, _ settlements: [Settlement]) {
        for letter in batch.unreadable {
            logger.error("an entry of the queue was set aside", metadata: ["reason": "\(letter.reason)"])
        }
        for (order, settlement) in zip(batch.orders, settlements) {
            switch settlement {
            case .confirmed, .forgotten: break
            case .rejected(let reason):
                logger.error("the ledger rejected an order", metadata: ["order": "\(order.id)", "reason": "\(reason)"])
            case .unsettleable(let reason):
                logger.error("an order was set aside", metadata: ["order": "\(order.id)", "reason": "\(reason)"])
            }
        }
    }

    // MARK: Batches of others

    /// Looks for batches whose worker has died or stalls, several times in a lease.
    private func reclaim() async throws {
        while !Task.isShuttingDownGracefully {
            do {
                for token in try await queue.expiredTokens() {
                    guard let batch = try await queue.reclaim(token) else { continue }
                    logger.notice(
                        "took over a batch",
                        metadata: ["orders": "\(batch.orders.count)", "attempts": "\(batch.attempts)"])
                    try await settle(batch)
                }
            } catch is RedisError {
                // The drain meets the same failure and reports it.
            }
            await pause(lease / 4)
            if Task.isCancelled { return }
        }
    }

    /// Sleeps, but not on when the worker is to stop.
    private func pause(_ duration: Duration) async {
        try? await cancelWhenGracefulShutdown { try await Task.sleep(for: duration) }
    }
}
