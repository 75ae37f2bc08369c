import DequeModule

/// The state of a bounded pool: the idle connections, and the callers that wait for one. No I/O.
///
/// Connections have numbers in the order in which their opening began.
struct PoolState<Connection, Waiter> {
    struct Entry {
        let connection: Connection
        let number: Int
    }

    enum Lease {
        case lend(Entry)
        /// A connection with this number is to be opened, and the caller waits for a connection.
        case open(number: Int)
        case wait
        case refuse
    }

    let limit: Int
    let waitingLimit: Int
    private var idle: [Entry] = []
    private var waiters: Deque<(key: Int, waiter: Waiter)> = []
    /// Connections that are lent, idle or being opened.
    private(set) var count = 0
    private(set) var openingCount = 0
    private var lastNumber = 0
    /// Connections with this number or a lower one are not lent again.
    private var retired = 0

    /// Callers that wait although no connection is being opened for them.
    var waitingCount: Int { max(waiters.count - openingCount, 0) }
    var idleCount: Int { idle.count }

    init(limit: Int, waitingLimit: Int) {
        precondition(limit > 0 && waitingLimit >= 0)
        self.limit = limit
        self.waitingLimit = waitingLimit
    }

    /// Requests a connection. The most recently released one is lent first, so that the others can stay idle.
    mutating func lease() -> Lease {
        if let entry = idle.popLast() { return .lend(entry) }
        if count < limit { return .open(number: beginOpening()) }
        return waitingCount < waitingLimit ? .wait : .refuse
    }

    private mutating func beginOpening() -> Int {
        count += 1
        openingCount += 1
        lastNumber += 1
        return lastNumber
    }

    mutating func enqueue(_ waiter: Waiter, key: Int) {
        waiters.append((key, waiter))
    }

    /// Removes a waiter whose deadline has passed; nil if it has been served.
    mutating func abandon(key: Int) -> Waiter? {
        guard let index = waiters.firstIndex(where: { $0.key == key }) else { return nil }
        return waiters.remove(at: index).waiter
    }

    // MARK: Opening

    /// Takes a connection that was opened. Returns the waiter that gets it, or nil if it becomes idle.
    mutating func opened(_ entry: Entry) -> Waiter? {
        openingCount -= 1
        return offer(entry)
    }

    /// Notes that a connection was opened but is not wanted any more; ``discard()`` follows.
    mutating func openingEnded() {
        openingCount -= 1
    }

    /// Notes that a connection could not be opened. Returns the waiter that gets the error.
    mutating func failed() -> Waiter? {
        openingCount -= 1
        count -= 1
        return waiters.popFirst()?.waiter
    }

    /// The number of the next connection that is to be opened for those who wait; nil if there is no need or no room.
    mutating func replacement() -> Int? {
        waiters.count > openingCount && count < limit ? beginOpening() : nil
    }

    // MARK: Returning

    /// Takes back a connection that works. Returns the waiter that gets it, or nil if it becomes idle.
    mutating func release(_ entry: Entry) -> Waiter? {
        offer(entry)
    }

    private mutating func offer(_ entry: Entry) -> Waiter? {
        guard let first = waiters.popFirst() else {
            idle.append(entry)
            return nil
        }
        return first.waiter
    }

    /// Whether a connection must not be lent again.
    func isRetired(_ entry: Entry) -> Bool { entry.number <= retired }

    /// Notes that a connection cannot serve: neither it nor those that were opened before it are lent again. Returns the
    /// idle ones among these; the others are discarded when they are returned.
    mutating func retire(_ entry: Entry) -> [Connection] {
        retired = max(retired, entry.number)
        let old = idle.filter(isRetired)
        idle.removeAll(where: isRetired)
        count -= old.count
        return old.map(\.connection)
    }

    /// Notes that a lent connection was discarded.
    mutating func discard() {
        count -= 1
    }

    /// Removes all idle connections and all waiters, for closing.
    mutating func drain() -> (idle: [Connection], waiters: [Waiter]) {
        defer {
            count -= idle.count
            idle = []
            waiters = []
        }
        return (idle.map(\.connection), waiters.map(\.waiter))
    }
}

extension PoolState.Entry: Sendable where Connection: Sendable {}
