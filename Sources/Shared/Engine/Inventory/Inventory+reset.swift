import Domain
import RedisClient
import RedisSchema

/// Discarding an event's holds at a reset.
extension Inventory {
    /// Discards up to 16 members of the holds of an event that is closed for its reset. False if there are no more.
    func discardHolds(of event: EventID) async throws(RedisError) -> Bool {
        let partition = partition(of: event)
        let range = RedisCommand("ZRANGE", partition.keys.holds(event), "0", "15")
        let members = try await partition.connection.send(range).array ?? []
        guard !members.isEmpty else { return false }
        return try await partition.run(DiscardHoldsScript(members.compactMap(\.string), of: event))
    }
}
