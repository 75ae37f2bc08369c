import Domain
import RedisSchema

/// Entries that were taken together and are leased to a token.
package struct Batch: Hashable, Sendable {
    package let token: String
    /// The number of its lease: higher with each that begins. The ledger keeps the highest it has seen.
    package let number: Int
    /// How often the batch has been taken, with this time.
    package let attempts: Int
    /// Whether it may reach the ledger only when it is the first of those that wait; see take.lua.
    package let waitsForTurn: Bool
    /// The entries that could be read, with their place in the batch.
    package let orders: [Order]
    /// The entries that could not, as they are, with the reason.
    package let unreadable: [DeadLetter]

    package init(token: String, number: Int = 0, attempts: Int, waitsForTurn: Bool = false, entries: [[UInt8]]) {
        self.token = token
        self.number = number
        self.waitsForTurn = waitsForTurn
        self.attempts = attempts
        var orders: [Order] = []
        var unreadable: [DeadLetter] = []
        for entry in entries {
            do throws(QueueEntry.Unreadable) {
                orders.append(try QueueEntry.decode(entry))
            } catch {
                unreadable.append(DeadLetter(reason: error.reason, entry: entry))
            }
        }
        self.orders = orders
        self.unreadable = unreadable
    }
}

/// What became of taking over a batch.
package enum Reclaim: Hashable, Sendable {
    case batch(Batch)
    /// Its only entry has ended too many workers, and is among the dead letters now.
    case deadLettered(reason: String)

    package var batch: Batch? {
        if case .batch(let batch) = self { batch } else { nil }
    }
}
