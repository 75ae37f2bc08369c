import RedisSchema
import Domain
import Engine
import Logging
import RedisClient
import Timing

extension LedgerWriter {
    /// Brings a batch to its end, or leaves it to whoever takes it over.
    ///
    /// - Parameter waiting: whether to wait for its turn where it has one; else it is given back.
    /// - Returns: whether it came to the ledger.
    @discardableResult
    func settle(_ batch: Batch, waiting: Bool = true) async -> Bool {
        guard await isTurn(of: batch, waiting: waiting) else { return false }
        metrics.batchSize.record(batch.orders.count)
        Failpoint.reach(.afterTake)
        Failpoint.meet(batch.orders)
        guard let settlements = await settlements(of: batch) else { return false }
        Failpoint.reach(.afterCommit)
        report(batch, settlements)
        await acknowledge(batch, settlements)
        return true
    }

    /// Waits until all batches before it are in the ledger, where that matters; false where the batch is no longer in hand.
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

    /// Puts the batch to the ledger until it is settled; nil where its lease was lost, or it was given back at the stop.
    private func settlements(of batch: Batch) async -> [Settlement]? {
        var failures = 0
        let begun = ContinuousClock.now
        while true {
            do {
                let settlements = try await ledger.settle(
                    batch.orders, lease: batch.number, partition: queue.partition.keys.partition)
                if failures > 0 { logger.notice("the ledger answers again") }
                metrics.persistDuration.record(duration: ContinuousClock.now - begun)
                return settlements
            } catch {
                failures += 1
                metrics.retries.increment()
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
                let isAcknowledged = try await queue.acknowledge(batch, settlements)
                Failpoint.reach(.inAcknowledgement)
                if !isAcknowledged, failures == 0 {
                    logger.notice(
                        "a batch was settled late; its lease was lost", metadata: ["token": "\(batch.token)"])
                    await reconcile(batch)
                }
                return
            } catch {
                failures += 1
                if failures == 1 {
                    logger.warning("a batch cannot be acknowledged; trying again", metadata: ["reason": "\(error)"])
                }
                // At the stop one attempt is enough: what is not acknowledged is delivered again, and settled already.
                guard ContinuousClock.now < deadline, !Task.isCancelled, !Task.isShuttingDownGracefully else { return }
                await pause(Backoff().delay(failures: failures))
            }
        }
    }

    /// Another worker has the batch, which is nothing to Redis; or Redis has lost it, and may have been filled without these
    /// orders before the ledger had them: then their units are taken out of sale.
    private func reconcile(_ batch: Batch) async {
        for event in Set(batch.orders.map(\.event)) {
            do {
                try await catalogue.reconcile(event, late: batch.orders).log(to: logger)
            } catch {
                logger.warning(
                    "an event could not be reconciled", metadata: ["event": "\(event)", "reason": "\(error)"])
            }
        }
    }

    private func report(_ batch: Batch, _ settlements: [Settlement]) {
        metrics.deadLettered.increment(by: batch.unreadable.count)
        for letter in batch.unreadable {
            logger.error("an entry of the queue was set aside", metadata: ["reason": "\(letter.reason)"])
        }
        for (order, settlement) in zip(batch.orders, settlements) {
            switch settlement {
            case .recorded, .forgotten: break
            case .rejected(let reason):
                metrics.rejected.increment()
                logger.error("the ledger rejected an order", metadata: ["order": "\(order.id)", "reason": "\(reason)"])
            case .unsettleable(let reason):
                metrics.deadLettered.increment()
                logger.error("an order was set aside", metadata: ["order": "\(order.id)", "reason": "\(reason)"])
            }
        }
    }
}
