@testable import RedisSchema

/// The slot of the partition is being moved to another server, in one of the two ways.
struct SlotMove {
    /// Key by key: the keys that the source does not have any more.
    var moved: Set<String>?
    /// At once: the writes that the target receives, and passes on to its replica.
    var stream: ReplicaModel?

    /// The keys that a command of a script uses.
    static func keys(of command: [String]) -> [String] {
        switch command[0].uppercased() {
        case "TIME", "PUBLISH", "SPUBLISH": []
        case "MGET", "DEL", "UNLINK", "EXISTS": Array(command.dropFirst())
        case "MSET": stride(from: 1, to: command.count, by: 2).map { command[$0] }
        case "RENAME": Array(command[1...2])
        default: [command[1]]
        }
    }
}

/// Slots that move. While the keys go one after another, a server refuses a call before it runs if it lacks a key that the
/// call declares, and stops a script that uses a key which it lacks. Afterwards the programs find another server, and compare
/// it with the ledger.
extension Simulation {
    func beginMove() {
        guard move == nil else { return }
        move = chance(60) ? SlotMove(moved: []) : SlotMove(stream: ReplicaModel(of: store))
        note("the slot begins to move, \(move?.stream == nil ? "key by key" : "at once")")
        guard move?.moved != nil else { return }
        for (key, member, score) in Self.membersOfOthers { _ = redis("ZADD", key, score, member) }
        _ = redis("INCRBY", Self.keys.pendingReleases, "0")
    }

    /// A larger sale has these keys most of the time: a script then finds all that it declares. The members are of no order
    /// and no holder.
    private static let membersOfOthers = [
        (keys.confirmed(withKey: false), "0|0|1", "0"), (keys.confirmed(withKey: true), "0|0|1", "0"),
        (keys.lapsed(scarce), "cnobody", "9000000000000"),
    ]

    /// Keys of waiting lists and waiting rooms, which other events have too: a larger sale has them all the time.
    private static let keysOfOthers = Set(
        [keys.offersDue, keys.rooms]
            + [plain, scarce].flatMap {
                [keys.waiting($0), keys.waiters($0), keys.room($0), keys.places($0), keys.ticks($0), keys.passes($0)]
            })

    /// Whether the source has all of the keys. It refuses commands for others with `TRYAGAIN` or `ASK`, and the programs send
    /// no call to the target before the slot is there.
    func isLocal(_ keys: [String]) -> Bool {
        guard let moved = move?.moved, !isOnPausedPrimary else { return true }
        return keys.allSatisfy {
            (store.values[$0] != nil || Self.keysOfOthers.contains($0)) && !moved.contains($0)
        }
    }

    func continueMove() throws {
        guard let moved = move?.moved else {
            if chance(50) { finishMove() }
            // The target can fail before its replica has all that came with the slot.
            if move == nil, chance(30) { try promote() }
            return
        }
        let rest = store.values.keys.filter { !moved.contains($0) }.sorted()
        guard !rest.isEmpty else { return finishMove() }
        // It takes some time until the first key goes.
        guard !moved.isEmpty || chance(40) else { return }
        let next = rest.shuffled(using: &generator).prefix(Int.random(in: 1...12, using: &generator))
        note("\(next.count) of \(rest.count) keys go")
        move?.moved?.formUnion(next)
    }

    /// The slot is the target's.
    func finishMove() {
        note("the slot has moved")
        for (key, member, _) in Self.membersOfOthers { _ = redis("ZREM", key, member) }
        // MIGRATE deletes a key when the target has it. The model's target does not fail before its replica has it, too.
        replica = move?.stream ?? ReplicaModel(of: store)
        replica?.endMove()
        move = nil
        (server, replicaServer, replication) = (makeServer(), makeServer(), makeServer())
    }
}
