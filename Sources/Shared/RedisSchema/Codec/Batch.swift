import Domain

/// Entries that were taken together and are leased to a token.
package struct Batch: Hashable, Sendable {
    package let token: String
    /// The number of its lease: higher with each lease of the partition. The ledger keeps the highest that it has seen.
    package let number: Int
    /// How often the batch has been taken, including this time.
    package let attempts: Int
    /// Whether it must not reach the ledger before the batches that were taken earlier; see take.lua.
    package let waitsForTurn: Bool
    /// The entries that could be read, in their order.
    package let orders: [Order]
    /// The entries that could not be read, with the reason.
    package let unreadable: [DeadLetter]

    package init(
        token: String, number: Int = 0, attempts: Int, waitsForTurn: Bool = false, entries: some Sequence<[UInt8]>
    ) {
        self.token = token
        self.number = number
        self.waitsForTurn = waitsForTurn
        self.attempts = attempts
        var orders: [Order] = []
        var unreadable: [DeadLetter] = []
        for entry in entries {
            do throws(OrderCodec.Unreadable) {
                orders.append(try OrderCodec.decode(entry: entry))
            } catch {
                unreadable.append(DeadLetter(reason: error.reason, entry: entry))
            }
        }
        self.orders = orders
        self.unreadable = unreadable
    }

    /// A new token, which no other process can know.
    package static func makeToken() -> String {
        String(UInt64.random(in: 0...UInt64.max), radix: 36) + String(UInt64.random(in: 0...UInt64.max), radix: 36)
    }
}

/// The result of reclaiming a batch.
package enum Reclaim: Hashable, Sendable {
    case batch(Batch)
    /// Its only entry has ended too many workers, and is a dead letter now.
    case deadLettered(reason: String)

    package var batch: Batch? {
        if case .batch(let batch) = self { batch } else { nil }
    }
}
