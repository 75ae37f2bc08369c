/// Who has which of a bounded number of connections, and who waits: decisions only, no connection is opened here.
struct PoolState<Connection, Waiter> {
    enum Lease {
        case lend(Connection)
        /// There is room for one more: open it, then call `opened` or `openingFailed`.
        case open
        case wait
        case refuse
    }

    let limit: Int
    let waitingLimit: Int
    private var idle: [Connection] = []
    private var waiters: [(key: Int, waiter: Waiter)] = []
    /// Connections that are lent, idle or being opened.
    private(set) var count = 0

    var waitingCount: Int { waiters.count }
    var idleCount: Int { idle.count }

    init(limit: Int, waitingLimit: Int) {
        precondition(limit > 0 && waitingLimit >= 0)
        self.limit = limit
        self.waitingLimit = waitingLimit
    }

    /// Asks for a connection. The last one given back comes first: it is the warmest, and the others can rest.
    mutating func lease() -> Lease {
        if let connection = idle.popLast() { return .lend(connection) }
        if count < limit {
            count += 1
            return .open
        }
        return waiters.count < waitingLimit ? .wait : .refuse
    }

    mutating func enqueue(_ waiter: Waiter, key: Int) {
        waiters.append((key, waiter))
    }

    /// Removes a waiter whose deadline passed; nil where it was served in the meantime.
    mutating func abandon(key: Int) -> Waiter? {
        guard let index = waiters.firstIndex(where: { $0.key == key }) else { return nil }
        return waiters.remove(at: index).waiter
    }

    /// A connection comes back in good order: the first waiter to hand it to, or nil (then it is kept idle).
    mutating func release(_ connection: Connection) -> Waiter? {
        guard !waiters.isEmpty else {
            idle.append(connection)
            return nil
        }
        return waiters.removeFirst().waiter
    }

    /// A connection was given up, or could not be opened: the first waiter may open one in its place.
    mutating func discard() -> Waiter? {
        count -= 1
        guard !waiters.isEmpty else { return nil }
        count += 1
        return waiters.removeFirst().waiter
    }

    /// Takes everything out, for closing.
    mutating func drain() -> (idle: [Connection], waiters: [Waiter]) {
        defer {
            count -= idle.count
            idle = []
            waiters = []
        }
        return (idle, waiters.map(\.waiter))
    }
}
