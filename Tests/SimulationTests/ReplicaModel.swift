/// A replica: its data are a prefix of the primary's writes. What a connection waited for is in the prefix.
struct ReplicaModel {
    /// The primary after each write since the last one that the replica certainly has, which is the first element.
    private(set) var states: [MemoryStore]
    /// The number of the write after which `states` begins.
    private var first = 0
    /// The number of the last write of each connection.
    private var lastWrites: [Int: Int] = [:]
    /// The number of the last write before the slot was this server's.
    private var moved = 0

    init(of primary: MemoryStore) { states = [primary] }

    mutating func write(_ primary: MemoryStore, by connection: Int) {
        states.append(primary)
        lastWrites[connection] = first + states.count - 1
    }

    /// What `WAIT` guarantees: the writes of its own connection are there, and so are those before them.
    mutating func confirm(_ connection: Int) {
        let count = (lastWrites[connection] ?? 0) - first
        guard count > 0 else { return }
        states.removeFirst(count)
        first += count
    }

    /// The slot with these data is this server's from now on. The connections have written nothing to it yet.
    mutating func endMove() {
        moved = first + states.count - 1
        lastWrites = [:]
    }

    /// Whether a state lacks some of the data that the slot had when it came to this server.
    func isBeforeMove(_ index: Int) -> Bool { first + index < moved }

    /// Commands that a primary passes on even if they change nothing. It passes others on only if they change something.
    private static let writes: Set<String> = [
        "SET", "MSET", "INCR", "INCRBY", "DECR", "DECRBY", "HSET", "HINCRBY", "EXPIRE",
    ]

    static func isWrite(_ command: [String], from before: [MemoryStore.Value?], to after: [MemoryStore.Value?]) -> Bool
    {
        writes.contains(command[0].uppercased()) || before != after
    }
}
