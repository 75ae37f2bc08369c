import Domain
import Ledger
import RedisClient
import RedisSchema

/// Reading and correcting an event's counters.
extension Inventory {
    /// Entries that a survey looks through at most: Redis does nothing else meanwhile, some 20 ms.
    static let surveyLimit = 20_000

    /// - Parameter customers: whose units are read, too.
    func survey(_ event: borrowing LockedEvent, customers: [String] = []) async throws(RedisError) -> SurveyScript.Reply
    {
        let partition = partition(of: event.id)
        // Batches come and go: none must have between the naming and the look into them.
        for _ in 0..<200 {
            let named = RedisCommand("ZRANGE", partition.keys.leases, "0", "-1")
            let tokens = try await partition.connection.send(named).array?.compactMap(\.string) ?? []
            let reply = try await partition.run(
                SurveyScript(
                    event.id, generation: event.generation, customers: customers, batches: tokens,
                    limit: Self.surveyLimit))
            if reply != .batchesChanged { return reply }
        }
        throw RedisError(.overloaded, "batches come and go too fast to be read", mayHaveRun: false)
    }

    /// Moves an event's counters. False if the event is not loaded.
    func adjust(_ event: borrowing LockedEvent, by moves: UnitCounts) async throws(RedisError) -> Bool {
        try await partition(of: event.id).run(
            AdjustCountsScript(event.id, generation: event.generation, by: moves))
    }
}
