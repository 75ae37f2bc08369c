package import Domain
package import RedisClient
package import RedisSchema

/// Waiting rooms in Redis.
extension Inventory {
    /// Gives a place in the waiting room of an event. When this returns ``JoinOutcome/joined(number:generation:isReplay:)``, Redis
    /// has persisted the place as its settings require, and no other place of the generation has its number.
    ///
    /// After an error with `mayHaveRun`, a number may have been given that nobody has.
    package func join(_ request: JoinRequest) async throws(RedisError) -> JoinOutcome {
        try await add(request, to: \.joins, in: partitioning.home(of: request.event).partition)
    }

    /// Reads a room, and its admissions after a number of them.
    ///
    /// - Parameters:
    ///   - known: the number of admissions that the caller knows.
    ///   - client: the connections to read on.
    /// - Returns: nil if Redis does not have the event.
    package func room(
        of event: EventID, after known: Int, through client: RedisClient
    ) async throws(RedisError) -> RoomReading? {
        let keys = partitioning.home(of: event)
        let connection = client.connection(of: keys.slot)
        // Most readings find a few new admissions.
        var limit = 16
        while true {
            let replies = try await connection.send([
                RedisCommand("TIME"), RedisCommand("HGETALL", keys.event(event)),
                RedisCommand("HGETALL", keys.room(event)),
                RedisCommand("LRANGE", keys.ticks(event), String(-limit), "-1"),
            ])
            let reading = RoomReading(
                event: try replies[1].fields(), room: try replies[2].fields(),
                ticks: (replies[3].array ?? []).compactMap { $0.string.flatMap { RoomTick($0) } },
                limit: limit, at: try replies[0].time())
            guard let reading, reading.lacksTicks(after: known), limit < RoomTick.limit else { return reading }
            limit = RoomTick.limit
        }
    }
}
