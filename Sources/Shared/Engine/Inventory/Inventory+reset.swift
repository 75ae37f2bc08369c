import Domain
import RedisClient
import RedisSchema

/// Dropping an event's orders at a reset.
extension Inventory {
    /// Drops a page of the holds of an event that is closed for its reset; false when there are no more.
    func dropHolds(of event: EventID) async throws(RedisError) -> Bool {
        let partition = partition(of: event)
        let range = RedisCommand("ZRANGE", partition.keys.holds(event), "0", "15")
        let members = try await partition.connection.send(range).array ?? []
        guard !members.isEmpty else { return false }
        return try await partition.run(DiscardHoldsScript(members.compactMap(\.string), of: event))
    }
}
