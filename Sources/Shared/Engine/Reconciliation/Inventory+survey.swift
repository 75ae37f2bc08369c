import Domain
import Ledger
import RedisClient
import RedisSchema

/// Reads and corrects an event's counters.
extension Inventory {
    /// Maximum number of entries that a survey reads. Redis does nothing else during this time, about 20 ms.
    static let surveyLimit = 20_000

    /// Reads an event's counters, the units of customers, and the event's snapshots in flight, as of one moment. Throws
    /// ``RedisError/Code/overloaded`` if the leased batches change during each of 200 attempts.
    ///
    /// - Parameter customers: whose units are read.
    func survey(_ event: borrowing LockedEvent, customers: [String] = []) async throws(RedisError) -> SurveyScript.Reply
    {
        let partition = partition(of: event.id)
        // The script replies batchesChanged if the leased batches have changed since their tokens were read here.
        for _ in 0..<200 {
            let leased = RedisCommand("ZRANGE", partition.keys.leases, "0", "-1")
            let tokens = try await partition.connection.send(leased).array?.compactMap(\.string) ?? []
            let reply = try await partition.run(
                SurveyScript(
                    event.id, generation: event.generation, customers: customers, batches: tokens,
                    limit: Self.surveyLimit))
            if reply != .batchesChanged { return reply }
        }
        throw RedisError(.overloaded, "the leased batches change too fast to be read", mayHaveRun: false)
    }

    /// Adds to an event's counters. False if the event is not loaded.
    func adjust(_ event: borrowing LockedEvent, by moves: UnitCounts) async throws(RedisError) -> Bool {
        try await partition(of: event.id).run(
            AdjustCountsScript(event.id, generation: event.generation, by: moves))
    }
}
