import Domain
import NIOCore
import RedisClient
import RedisSchema

/// Purchases whose first order may have an id that was made in another way (see ``KeyedIDs``).
extension Inventory {
    /// The purchase with the id under which its order is to be found, or made. Nil if the event is not in Redis with all its
    /// orders, so that this cannot be said: the claim would be refused too.
    ///
    /// The claim that follows is another call. Two purchases with one key can therefore only pass each other if two programs
    /// handle them at the same moment and make ids in different ways, that is, while their clocks pass the time from which the
    /// secret is used.
    func findID(
        of purchase: Purchase, on connection: RedisConnection,
        completion: @escaping (Result<Purchase?, RedisError>) -> Void
    ) {
        guard let other = purchase.otherID else { return completion(.success(purchase)) }
        let keys = partitioning.home(of: purchase.event)
        // The event first: if it is there, the records of its orders are.
        let commands = [
            RedisCommand("HMGET", keys.event(purchase.event), "generation", "closed"),
            RedisCommand("EXISTS", keys.order(other)),
        ]
        connection.sendOnLoop(commands) { result in
            completion(
                result.map { replies in
                    guard let event = replies.first?.array, event.count == 2, event[0].string != nil,
                        event[1].string != "1"
                    else { return nil }
                    var purchase = purchase
                    purchase.otherID = nil
                    if replies.last?.integer == 1 { purchase.id = other }
                    return purchase
                }.mapError { error in
                    // Nothing was changed.
                    RedisError(error.code, error.message, mayHaveRun: false)
                })
        }
    }

    /// As ``findID(of:on:completion:)``.
    func withKnownID(_ purchase: Purchase) async throws(RedisError) -> Purchase? {
        guard purchase.otherID != nil else { return purchase }
        let connection = client.connection(of: partitioning.home(of: purchase.event).slot)
        return try await withCheckedContinuation {
            (continuation: CheckedContinuation<Result<Purchase?, RedisError>, _>) in
            connection.eventLoop.execute {
                findID(of: purchase, on: connection) { continuation.resume(returning: $0) }
            }
        }.get()
    }
}
