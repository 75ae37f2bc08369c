package import Domain
package import RedisClient
import RedisSchema

/// Waiting lists.
extension Inventory {
    /// Takes a place on the waiting list of an event. `joined` means that the place is taken, and its order is recorded and
    /// queued, as durably as a claim.
    ///
    /// After an error with `mayHaveRun`, the place may exist.
    package func join(_ place: Purchase) async throws(RedisError) -> WaitOutcome {
        guard let place = try await withKnownID(place) else { return .refused(.recovering) }
        return try await add(place, to: \.places, in: partitioning.home(of: place.event).partition)
    }

    /// An order for a place on the waiting list of an event, with a new id. Idempotency keys of places and of purchases are
    /// different keys. Nil if there is a key and this program has not read the ledger yet.
    ///
    /// - Parameter generator: must be unpredictable.
    package func makePlace(
        on event: EventID, quantity: Int, customer: String, idempotencyKey: String?, at time: Timestamp,
        using generator: inout some RandomNumberGenerator
    ) -> Purchase? {
        // A key of a client has no control characters.
        makePurchase(
            of: event, quantity: quantity, customer: customer,
            idempotencyKey: idempotencyKey.map { "\u{1}place\u{1}\($0)" },
            at: time, using: &generator)
    }

    /// The position of an order's place on the waiting list of its event, from 1; nil if it has none.
    package func position(of order: Order) async throws(RedisError) -> Int? {
        let position = try await partition(of: order.event).run(PlaceScript(order.id, of: order.event))
        return position > 0 ? position : nil
    }

    /// The places on the waiting list of an event.
    func places(of event: EventID) async throws(RedisError) -> Int {
        let keys = partitioning.home(of: event)
        let count = try await client.connection(of: keys.slot).send(RedisCommand("ZCARD", keys.waiting(event))).integer
        return Int(count ?? 0)
    }
}
