import Domain
package import RedisClient
package import RedisSchema

/// Offers units to the places on the waiting lists of one partition, and ends the places of events whose sale has ended.
package struct OfferMaker: Sendable {
    /// Events in one round.
    private static let eventLimit = 16
    /// Calls for one event in one round, so that a long list does not delay the others.
    private static let callLimit = 9

    private let partition: Partition

    package init(_ partition: Partition) {
        self.partition = partition
    }

    /// The result of one call of ``makeDue()``.
    package struct Round: Hashable, Sendable {
        /// Places that got an offer.
        package var offered = 0
        /// Places that were cancelled: the sale has ended, or the customer has reached a limit.
        package var ended = 0
        /// Whether another round would find more to do now.
        package var isIncomplete = false
    }

    /// Makes the offers that are due, at most some 1,000 for each of up to 16 events. Any number of workers can do so at the same
    /// time: each unit is offered once.
    package func makeDue() async throws(RedisError) -> Round {
        let (keys, connection) = (partition.keys, partition.connection)
        let now = try await connection.send(RedisCommand("TIME")).time().milliseconds
        let range = RedisCommand(
            "ZRANGE", keys.offersDue, "-inf", String(now), "BYSCORE", "LIMIT", "0", String(Self.eventLimit))
        let due = try await connection.send(range).array?.compactMap(\.string) ?? []
        var round = Round(isIncomplete: due.count == Self.eventLimit)
        for name in due {
            guard let event = EventID(name) else { continue }
            try await makeOffers(of: event, &round)
        }
        return round
    }

    private func makeOffers(of event: EventID, _ round: inout Round) async throws(RedisError) {
        var next: [OrderID] = []
        for _ in 0..<Self.callLimit {
            let reply = try await partition.run(OfferScript(next, of: event))
            round.offered += reply.offered
            round.ended += reply.ended
            next = reply.next
            if next.isEmpty { return }
        }
        round.isIncomplete = true
    }
}
