package import Domain

/// Entries of the queue that were taken together under one lease.
package struct Batch: Hashable, Sendable {
    package let token: String
    /// The number of its lease, which increases with each lease of the partition. The ledger stores the highest number
    /// that it has seen.
    package let number: Int
    /// The partition's epoch when the lease began; nil if the batch belongs to a recovery.
    package var epoch: Int?
    /// The number of times that the batch has been taken, including this one.
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
        var reader = OrderReader()
        orders.reserveCapacity(entries.underestimatedCount)
        for entry in entries {
            do throws(OrderCodec.Unreadable) {
                orders.append(try reader.decode(entry: entry))
            } catch {
                unreadable.append(DeadLetter(reason: error.reason, entry: entry))
            }
        }
        self.orders = orders
        self.unreadable = unreadable
    }

    /// A new random token, which no other process can guess.
    package static func makeToken() -> String {
        String(UInt64.random(in: 0...UInt64.max), radix: 36) + String(UInt64.random(in: 0...UInt64.max), radix: 36)
    }
}

/// The result of reclaiming a batch.
package enum Reclaim: Hashable, Sendable {
    case batch(Batch)
    /// Its only entry was taken too often without an acknowledgement, and is now a dead letter.
    case deadLettered(reason: String)

    package var batch: Batch? {
        if case .batch(let batch) = self { batch } else { nil }
    }
}
