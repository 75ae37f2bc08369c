@testable import RedisSchema

/// What protects the programs from a server that has other data than they think. Each is a guard of production; a mutant
/// lacks one.
struct Guards {
    /// Claims and changes, and the workers, wait for the replica.
    var waitsForClaims = true
    var waitsForTakes = true
    /// The wait is on the connection of the call.
    var waitsOnItsConnection = true
    /// A worker drops the batch of a primary that has been replaced.
    var dropsBatchOfReplacedPrimary = true
    /// Every script declares the guard key.
    var declaresGuardKey = true
    /// A pass, and the comparison with the ledger, name the server process and the history of its data.
    var comparesServer = true
    var comparesReplication = true
    /// A rebuild asks for the history of the data once more before it deletes something and before it opens the partition.
    var comparesInRebuild = true

    func named(_ server: Int) -> String { comparesServer ? "\(server)" : "" }
    func named(history: Int) -> String { comparesServer && comparesReplication ? "\(history)" : "" }
}

extension Simulation {
    /// Whether a look at the server keeps the pass.
    var isPassValid: Bool {
        pass != nil && guards.named(passServer) == guards.named(server)
            && guards.named(history: passReplication) == guards.named(history: replication)
    }

    /// Whether the epoch in the ledger is that of this server with these data.
    var isServerOfLedger: Bool {
        guards.named(epochServer) == guards.named(server)
            && guards.named(history: epochReplication) == guards.named(history: replication)
    }

    /// Runs a script as the programs do, with the epoch that they use. They have looked at their server: those that have
    /// been stalled do that first.
    func current<Script: PartitionScript>(_ script: Script) throws -> Script.Reply {
        guard let pass, isPassValid else {
            if !isStalled { self.pass = nil }
            throw Fenced()
        }
        let reply = try run(script, epoch: pass)
        // It would sell the units of the missing leases again.
        if isReplicated, case let begun = Int(redis("GET", Self.keys.leasesBegun).string ?? "") ?? 0, begun < seen {
            throw fail("\(Script.lua.script.name) ran with \(begun) leases, and the ledger has seen \(seen)")
        }
        return reply
    }

    func makeServer() -> Int {
        lastServer += 1
        return lastServer
    }
}
