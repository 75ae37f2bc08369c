import Engine
import Ledger
import Logging
import RedisClient
import RedisSchema

extension LedgerWriter {
    /// Compares the events whose orders were settled after a recovery that did not count them, see
    /// ``Ledger/lateEvents(inPartition:)``. Whichever worker meets them first does it; a repeated comparison changes nothing.
    func reconcileLateEvents() async {
        do {
            let keys = queue.partition.keys
            guard let pass = queue.partition.fence.pass(keys) else { return }
            let late = try await ledger.lateEvents(inPartition: keys.partition)
            guard !late.isEmpty else { return }
            var compared: [LateEvent] = []
            for event in late where await reconcile(event) { compared.append(event) }
            // What was repaired must outlast the server, or the next one lacks it with nobody knowing.
            let server = OrderQueue(queue.partition.bound(to: pass), lease: lease)
            guard try await server.noteWorker(name), queue.partition.fence.pass(keys) == pass else { return }
            for event in compared { try await ledger.forget(event, inPartition: keys.partition) }
        } catch {
            // A store is unavailable; the next round tries again.
            logger.debug("cannot reconcile late events", metadata: ["reason": "\(error)"])
        }
    }

    /// - Returns: whether the stores agree on the event now. An event that is not in Redis sells nothing, and has the late
    /// orders when it is published: the ledger has them.
    private func reconcile(_ late: LateEvent) async -> Bool {
        do {
            guard try await catalogue.inventory.event(late.event) != nil else { return true }
            let result = try await catalogue.reconcile(late.event)
            result.log(to: logger)
            // After a repair, the event is compared again: an order that was settled while this comparison waited for the
            // lock is in the counts, but not among the orders whose records were searched for.
            return result.outcome == .consistent
        } catch CatalogueError.eventUnknown {
            return true
        } catch {
            return false
        }
    }
}
