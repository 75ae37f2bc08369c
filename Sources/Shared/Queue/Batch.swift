/// Entries that were taken together and are leased to a token.
public struct Batch: Hashable, Sendable {
    public let token: String
    /// The number of its lease: higher with each that begins. The ledger keeps the highest it has seen.
    public let number: Int
    /// How often the batch has been taken, with this time.
    public let attempts: Int
    /// Whether it may reach the ledger only when it is the first of those that wait; see take.lua.
    public let waitsForTurn: Bool
    /// The entries that could be read, with their place in the batch.
    public let orders: [Order]
    /// The entries that could not, as they are, with the reason.
    public let unreadable: [DeadLetter]

    init(token: String, number: Int = 0, attempts: Int, waitsForTurn: Bool = false, entries: [[UInt8]]) {
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
public enum Reclaim: Hashable, Sendable {
    case batch(Batch)
    /// Its only entry has ended too many workers, and is among the dead letters now.
    case setAside(reason: String)

    public var batch: Batch? {
        if case .batch(let batch) = self { batch } else { nil }
    }
}
