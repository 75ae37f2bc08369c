import CoreMetrics
import Domain
import Engine
import Ledger
import Logging
import Metrics
import RedisClient
import RedisSchema
import ServiceLifecycle
import Timing

extension LedgerWriter {
    /// Writes a batch to the ledger and acknowledges it. If its lease is lost or the worker stops, another worker takes
    /// the batch over.
    ///
    /// - Parameter waiting: whether to wait for batches that must be written first; if false and there are some, the
    ///   batch is released.
    /// - Returns: whether the ledger settled the batch.
    @discardableResult
    func settle(_ batch: Batch, waiting: Bool = true) async -> Bool {
        guard await isTurn(of: batch, waiting: waiting) else { return false }
        metrics.batchSize.record(batch.orders.count)
        Failpoint.reach(.afterTake)
        Failpoint.meet(batch.orders)
        guard let settlements = await settlements(of: batch) else { return false }
        Failpoint.reach(.afterCommit)
        settled()
        report(batch, settlements)
        await acknowledge(batch, settlements)
        return true
    }

    /// Waits until the batches that must be written first are in the ledger.
    ///
    /// - Returns: false if the batch was released or its lease was lost.
    private func isTurn(of batch: Batch, waiting: Bool) async -> Bool {
        var renewed = ContinuousClock.now
        while (try? await queue.isTurn(of: batch)) != true {
            guard waiting, !Task.isShuttingDownGracefully, !Task.isCancelled else {
                try? await queue.release(batch.token)
                return false
            }
            await pause(.milliseconds(2))
            if ContinuousClock.now - renewed > lease / 4 {
                guard await stillHolds(batch) else { return false }
                renewed = .now
            }
        }
        return true
    }

    /// Writes the batch to the ledger, and repeats that until it succeeds.
    ///
    /// - Returns: nil if the lease was lost, or if the worker stops and the batch was released.
    private func settlements(of batch: Batch) async -> [Settlement]? {
        var failures = 0
        let begun = ContinuousClock.now
        while true {
            do {
                let settlements = try await ledger.settle(
                    batch.orders, lease: batch.number, partition: queue.partition.keys.partition, epoch: batch.epoch)
                if failures > 0 { logger.notice("writing to the ledger works again") }
                metrics.persistDuration.record(duration: ContinuousClock.now - begun)
                return settlements
            } catch {
                failures += 1
                metrics.retries.increment()
                if failures == 1 {
                    logger.warning("cannot write a batch to the ledger; retrying", metadata: ["reason": "\(error)"])
                }
                if Task.isShuttingDownGracefully || Task.isCancelled {
                    // Whether it was committed is unknown; another worker may write it again at once.
                    try? await queue.release(batch.token)
                    logger.notice("released a batch", metadata: ["orders": "\(batch.orders.count)"])
                    return nil
                }
                await pause(Backoff().delay(failures: failures))
                guard await stillHolds(batch) else { return nil }
            }
        }
    }

    /// Renews the lease before another attempt. If Redis does not answer, it counts as held: writing a batch twice is
    /// safe.
    private func stillHolds(_ batch: Batch) async -> Bool {
        guard (try? await queue.renew(batch.token)) == false else { return true }
        logger.notice("another worker took over a batch", metadata: ["orders": "\(batch.orders.count)"])
        return false
    }

    /// Acknowledges the batch to Redis, and repeats that until the lease must have expired. Then another worker does
    /// it.
    private func acknowledge(_ batch: Batch, _ settlements: [Settlement]) async {
        let deadline = ContinuousClock.now + lease
        var failures = 0
        while true {
            do throws(RedisError) {
                let isAcknowledged = try await queue.acknowledge(batch, settlements)
                Failpoint.reach(.inAcknowledgement)
                if !isAcknowledged, failures == 0 {
                    logger.notice(
                        "a batch was settled after its lease was lost", metadata: ["token": "\(batch.token)"])
                    await reconcile(batch)
                }
                return
            } catch {
                failures += 1
                if failures == 1 {
                    logger.warning("cannot acknowledge a batch; retrying", metadata: ["reason": "\(error)"])
                }
                // During a shutdown one attempt is enough: the batch is delivered again, and the ledger already has it.
                guard ContinuousClock.now < deadline, !Task.isCancelled, !Task.isShuttingDownGracefully else { return }
                await pause(Backoff().delay(failures: failures))
            }
        }
    }

    /// Reconciles the events of a batch whose lease was lost. Either another worker has the batch, and nothing changes.
    /// Or Redis lost it and may have been backfilled before the ledger had these orders; then their units are removed
    /// from sale. If this fails, ``reconcileLateEvents()`` does it.
    private func reconcile(_ batch: Batch) async {
        for event in Set(batch.orders.map(\.event)) {
            do {
                try await catalogue.reconcile(event, late: batch.orders).log(to: logger)
            } catch {
                logger.warning(
                    "cannot reconcile an event", metadata: ["event": "\(event)", "reason": "\(error)"])
            }
        }
    }

    private func report(_ batch: Batch, _ settlements: [Settlement]) {
        metrics.deadLettered.increment(by: batch.unreadable.count)
        for letter in batch.unreadable {
            logger.error("an entry of the queue was dead-lettered", metadata: ["reason": "\(letter.reason)"])
        }
        for (order, settlement) in zip(batch.orders, settlements) {
            switch settlement {
            case .recorded, .forgotten: break
            case .rejected(let reason):
                metrics.rejected.increment()
                logger.error("the ledger rejected an order", metadata: ["order": "\(order.id)", "reason": "\(reason)"])
            case .unsettleable(let reason):
                metrics.deadLettered.increment()
                logger.error("an order was dead-lettered", metadata: ["order": "\(order.id)", "reason": "\(reason)"])
            }
        }
    }
}
