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
    /// at most; the answer is then ``Inventory/Publication/needsBackfill``, and the event's turn comes next.
    @discardableResult
    package func publish(_ id: EventID) async throws -> Inventory.Publication {
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
    package func publish(
        _ ids: [EventID], filled: [EventID: Inventory.Backfilled] = [:]
    ) async throws -> [EventID: Inventory.Publication] {
        try await ledger.pool.withTransaction { connection in
            let events = try await Ledger.lock(ids, on: connection)
            let redis = inventory.client.connection
            var publications: [EventID: Inventory.Publication] = [:]
            var answers: [(EventID, EventLoopFuture<RESPValue>)] = []
            for event in events {
                let keys = partitioning.home(of: event.id)
                guard let done = filled[event.id] else {
                    answers.append((event.id, redis.pipeline(Inventory.call(publishing: event, filled: nil, in: keys))))
                    continue
                }
                guard done.stamp == event.stamp else {
                    publications[event.id] = .needsBackfill
                    continue
                }
                let call = Inventory.call(publishing: event, filled: done, in: keys)
                answers.append((event.id, try redis.pipeline(call, in: keys, behind: inventory.fence)))
            }
            // All of them, also after a failure: nothing is to be on its way when the rows are unlocked.
            var failure: (any Error)?
            for (id, answer) in answers {
                do { publications[id] = try Inventory.publication(try await answer.get()) } catch { failure = error }
            }
            if let failure { throw failure }
            let changed = events.filter { publications[$0.id] == .done && ($0.isUnpublished || !$0.wasPublished) }
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
