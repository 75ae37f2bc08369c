import Domain
import RedisClient
import RedisSchema

/// Discarding an event's holds and places at a reset.
extension Inventory {
    /// Discards up to 16 members of the holds, or 128 places on the waiting list, of an event that is closed for its reset. False
    /// if there are no more.
    func discardHolds(of event: EventID) async throws(RedisError) -> Bool {
        let partition = partition(of: event)
        let range = RedisCommand("ZRANGE", partition.keys.holds(event), "0", "15")
        var members = try await partition.connection.send(range).array ?? []
        if members.isEmpty {
            let places = RedisCommand("ZRANGE", partition.keys.waiting(event), "0", "127")
            members = try await partition.connection.send(places).array ?? []
        }
        guard !members.isEmpty else { return false }
        return try await partition.run(DiscardHoldsScript(members.compactMap(\.string), of: event))
    }
}
