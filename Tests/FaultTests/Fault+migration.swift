import TestSupport

@testable import RedisClient
@testable import RedisSchema

/// The slot that sells moves to another primary, under load.
extension Fault {
    private static let key = Keyspace(partition: 0).queue
    private static let slot = String(HashSlot(ofKey: key).number)

    /// The kind that every Redis Cluster has.
    static let slotMovedKeyByKey = Fault("a slot moved key by key") { cluster, _ in
        let owner = try await cluster.owner()
        let (source, target) = (owner.primary, owner.others[0])
        guard let nodes = cluster.nodes, case .tcp(let host, let port) = target.address else { return }
        try await nodes.beginMigration(ofTheSlotOf: key, from: source, to: target)
        while true {
            let keys = try await source.send("CLUSTER", "GETKEYSINSLOT", slot, "20").array?.compactMap(\.string) ?? []
            if keys.isEmpty { break }
            let words = ["MIGRATE", host, String(port), "", "0", "5000", "KEYS"] + keys
            _ = try await source.connection.send(RedisCommand(words), timeout: .seconds(20))
        }
        try await nodes.assign(slotOf: key, to: target, among: [source] + owner.others)
        try await cluster.waitForAnotherOwner(than: source)
        try await cluster.waitUntilReplicated()
    }

    /// Of Valkey 9: a copy of the slot follows the source until one switch.
    static let slotMovedAtomically = Fault("a slot moved atomically") { cluster, _ in
        let owner = try await cluster.owner()
        try await owner.primary.send(
            "CLUSTER", "MIGRATESLOTS", "SLOTSRANGE", slot, slot, "NODE", owner.others[0].id)
        try await cluster.waitForAnotherOwner(than: owner.primary)
        try await cluster.waitUntilReplicated()
    }
}
