import Domain
import RedisClient
import RedisSchema

/// Dropping an event's orders at a reset.
extension Inventory {
    /// Drops a page of the holds of an event that is closed for its reset; false when there are no more.
    func dropHolds(of event: EventID) async throws(RedisError) -> Bool {
        let keys = partitioning.home(of: event)
        let members = try await client.connection.send(RedisCommand("ZRANGE", keys.holds(event), "0", "15")).array ?? []
        guard !members.isEmpty else { return false }
        let names = members.compactMap(\.string)
        var call = RedisScriptCall(
            Scripts.discardHolds, keys: [keys.event(event), keys.holds(event)], arguments: names)
        for id in names.flatMap({ $0.split(separator: ",") }).compactMap({ OrderID($0) }) {
            call.append(key: keys.order(id))
        }
        return try await client.connection.evaluate(call).integer == 1
    }
}
