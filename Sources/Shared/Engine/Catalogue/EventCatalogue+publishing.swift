package import Domain
import Ledger
package import RedisClient
package import RedisSchema
import Timing

/// Publishing one event, with its backfill if it needs one.
extension EventCatalogue {
    /// How long a publication waits for the backfill of another process.
    private static let patience = Duration.seconds(5)
    private static let retryInterval = Duration.milliseconds(20)

    /// Brings Redis to the state that the ledger has of the event: backfills it if Redis has lost it, opens it if a
    /// reset was interrupted. Any number of processes can do so at any time.
    ///
    /// If another process is backfilling the partition, this requests the event from it and waits for at most 5
    /// seconds; after that it returns ``PublicationOutcome/needsBackfill``. Throws ``CatalogueError/eventUnknown`` if
    /// the ledger has no such event.
    @discardableResult
    package func publish(_ id: EventID) async throws -> PublicationOutcome {
        let deadline = ContinuousClock.now + Self.patience
        let backfiller = Backfiller(publisher, partitioning.home(of: id))
        while true {
            guard let publication = try await publisher.publish([id])[id] else { throw CatalogueError.eventUnknown }
            guard publication == .needsBackfill else { return publication }
            if try await backfiller.backfill(id) { continue }
            guard ContinuousClock.now < deadline else { return publication }
            try await Task.sleep(for: Self.retryInterval)
        }
    }

    /// Publishes a change that the ledger has committed. A failure becomes ``CatalogueError/notInEffectYet(reason:)``,
    /// which callers can distinguish from an error that changed nothing.
    func publishSaved(_ id: EventID) async throws {
        do {
            guard try await publish(id) == .belowClaimed else { return }
        } catch let error where !(error is CatalogueError) {
            throw CatalogueError.notInEffectYet(reason: "\(error)")
        }
        throw CatalogueError.notInEffectYet(reason: "more is claimed than the ledger's capacity")
    }

    /// Publishes all events whose present state Redis may lack: see ``EventPublisher/publishUnpublished()``.
    package func publishUnpublished() async throws -> Bool { try await publisher.publishUnpublished() }

    /// The progress of the recovery of the event's partition.
    package func progress(of id: EventID) -> RecoveryProgress { inventory.fence.progress(partitioning.home(of: id)) }

    /// Requests that an event is backfilled before others.
    package func requestBackfill(of id: EventID) async throws(RedisError) {
        let keys = partitioning.home(of: id)
        _ = try await inventory.client.connection(of: keys.slot).send(
            RedisCommand("SADD", keys.requestedBackfills, id.description))
    }
}
