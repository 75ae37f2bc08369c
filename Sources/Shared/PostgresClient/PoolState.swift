import DequeModule

/// The state of a bounded pool: the idle connections, and the callers that wait for one. No I/O.
struct PoolState<Connection, Waiter> {
    enum Lease {
        case lend(Connection)
        /// The caller opens a connection, and reports a failure with ``PoolState/discard()``.
        case open
        case wait
        case refuse
    }

    let limit: Int
    let waitingLimit: Int
    private var idle: [Connection] = []
    private var waiters: Deque<(key: Int, waiter: Waiter)> = []
    /// Connections that are lent, idle or being opened.
    private(set) var count = 0

    var waitingCount: Int { waiters.count }
    var idleCount: Int { idle.count }

    init(limit: Int, waitingLimit: Int) {
        precondition(limit > 0 && waitingLimit >= 0)
        self.limit = limit
        self.waitingLimit = waitingLimit
    }

    /// Requests a connection. The most recently released one is lent first, so that the others can stay idle.
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

    /// Removes a waiter whose deadline has passed; nil if it has been served.
    mutating func abandon(key: Int) -> Waiter? {
        guard let index = waiters.firstIndex(where: { $0.key == key }) else { return nil }
        return waiters.remove(at: index).waiter
    }

    /// Takes back a connection that works. Returns the waiter that gets it, or nil if it becomes idle.
    mutating func release(_ connection: Connection) -> Waiter? {
        guard let first = waiters.popFirst() else {
            idle.append(connection)
            return nil
        }
        return first.waiter
    }

    /// Notes that a connection was discarded or could not be opened. Returns the waiter that opens a replacement.
    mutating func discard() -> Waiter? {
        count -= 1
        guard let first = waiters.popFirst() else { return nil }
        count += 1
        return first.waiter
    }

    /// Removes all idle connections and all waiters, for closing.
    mutating func drain() -> (idle: [Connection], waiters: [Waiter]) {
        defer {
            count -= idle.count
            idle = []
            waiters = []
        }
        return (idle, waiters.map(\.waiter))
    }
}
