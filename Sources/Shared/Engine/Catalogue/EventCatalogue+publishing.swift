import Domain
import Ledger
import NIOCore
import RedisClient
import RedisSchema
import Timing

/// Bringing Redis to what the ledger says about events.
extension EventCatalogue {
    /// How long a publication waits for another process that fills the event in, or something else before it.
    private static let patience = Duration.seconds(5)
    private static let pageSize = 200

    /// Brings Redis to what the ledger says about the event: fills it in where it is missing, opens it where a reset was
    /// cut off. Safe at any time, from any number of processes. While another process fills in, this waits for 5 seconds
    /// at most; the answer is then ``PublicationOutcome/needsBackfill``, and the event's turn comes next.
    @discardableResult
    package func publish(_ id: EventID) async throws -> PublicationOutcome {
        let deadline = ContinuousClock.now + Self.patience
        let filler = Backfiller(self, partitioning.home(of: id))
        while true {
            guard let publication = try await publish([id])[id] else { throw CatalogueError.eventUnknown }
            guard publication == .needsBackfill else { return publication }
            if try await filler.backfill(id) { continue }
            guard ContinuousClock.now < deadline else { return publication }
            try await Task.sleep(for: .milliseconds(20))
        }
    }

    /// Publishes events in one transaction, in the order of their ids; the answer leaves out those that there are not.
    ///
    /// - Parameter filled: fillings that have been done. If the ledger was told something of an event since, it has to be
    ///   filled in anew.
    func publish(
        _ ids: [EventID], filled: [EventID: BackfilledEvent] = [:]
    ) async throws -> [EventID: PublicationOutcome] {
        try await ledger.pool.withTransaction { connection in
            let events = try await Ledger.lock(ids, on: connection)
            var publications: [EventID: PublicationOutcome] = [:]
            var answers: [(EventID, EventLoopFuture<PublicationOutcome>)] = []
            let redis = inventory.client.connection
            for event in events {
                let done = filled[event.id]
                guard done.map({ $0.backfill.stamp == event.stamp }) ?? true else {
                    publications[event.id] = .needsBackfill
                    continue
                }
                let publication = EventPublication(
                    event, backfill: done?.backfill, unrecorded: done?.unrecorded ?? UnitCounts())
                let partition = Partition(
                    partitioning.home(of: event.id), on: redis, fence: inventory.fence)
                answers.append((event.id, try partition.pipeline(PublishScript(publication))))
            }
            // All of them, also after a failure: nothing is to be on its way when the rows are unlocked.
            var failure: (any Error)?
            for (id, answer) in answers {
                do { publications[id] = try await answer.get() } catch { failure = error }
            }
            if let failure { throw failure }
            let changed = events.filter { publications[$0.id] == .published && ($0.isUnpublished || !$0.wasPublished) }
            if !changed.isEmpty { try await Ledger.markPublished(changed.map(\.id), on: connection) }
            return publications
        }
    }

    /// How far the recovery of the event's partition is.
    package func progress(of id: EventID) -> RecoveryProgress { inventory.fence.progress(partitioning.home(of: id)) }

    /// Has an event filled in before others.
    package func requestBackfill(of id: EventID) async throws(RedisError) {
        _ = try await inventory.client.connection.send(
            RedisCommand("SADD", partitioning.home(of: id).requestedBackfills, id.description))
    }

    /// Publishes the events that Redis may not have been told of as they are, or those of them with a home; the answer is
    /// whether all are on sale as the ledger has them. What this costs does not grow with the events that there are.
    package func publishUnpublished(in keys: Keyspace? = nil) async throws -> Bool {
        var complete = true
        var last = ""
        while true {
            let page = try await ledger.unpublishedEvents(after: last, limit: Self.pageSize)
            let mine = page.filter { keys == nil || keys == partitioning.home(of: $0) }
            if !mine.isEmpty, try await publish(mine).values.contains(where: \.isIncomplete) { complete = false }
            guard let end = page.last else { return complete }
            last = end.description
        }
    }
}
