@testable import Shared

/// Redis loses something, and is put right as Recovery does it, with the same plan and the same scripts.
extension Simulation {
    func loseAndRecover() throws {
        // Redis as it is now, as it was a while ago, or nothing; under workers that had batches in hand or not.
        let before = store
        switch Int.random(in: 0..<3, using: &generator) {
        case 0:
            note("Redis is emptied")
            store = MemoryStore()
        case 1:
            note("Redis is as it was")
            if let older { store = older }
        default:
            note("Redis restarts")
        }
        store.now = before.now
        server += 1
        older = nil
        let isSame = store == before
        if !isSame { workers = workers.map { _ in .idle } }
        // Nothing can be done with the epoch that is known, unless nothing is lost.
        let kept = Set(entries.map(\.id)).union(ledger.rows.keys)
        try recover()
        guard !isSame else { return }
        hasLost = true
        accepted.removeAll { !kept.contains($0) }
        known.removeAll { !kept.contains($0) }
        byKey = byKey.filter { kept.contains($0.value) }
        finals = finals.filter { ledger.rows[$0.key]?.state == $0.value }
    }

    func recover() throws {
        let text = redis("GET", Self.keys.epoch).string
        let leased = redis("GET", Self.keys.leased).integer.map { Int($0) } ?? 0
        let seen = ledger.events.values.map(\.leased).max() ?? 0
        let plan = RecoveryPlan(
            known: epoch == 0 ? nil : RecoveryPlan.Known(epoch: epoch, server: "before"), seen: seen,
            found: RecoveryPlan.Found(server: "\(server)", epoch: text, leased: leased))
        note("recovery: \(plan)")
        let token = makeToken()
        _ = try run(RedisScriptCall(Scripts.seal, keys: [Self.keys.epoch], arguments: [token]))
        if plan == .rebuild {
            try drain(epoch: "sealed:\(token)")
            let kept: Set<String> = [Self.keys.epoch, Self.keys.leased, Self.keys.deadLetters]
            let wiped = store.values.keys.filter { !kept.contains($0) }
            _ = try run(RedisScriptCall(Scripts.wipe, keys: [Self.keys.epoch] + wiped, arguments: [token]))
        }
        for id in [Self.plain, Self.scarce] { try publish(id) }
        epoch += 1
        let open = RedisScriptCall(
            Scripts.open, keys: [Self.keys.epoch, Self.keys.leased], arguments: [token, String(epoch), String(seen)])
        guard try run(open).integer == 1 else { throw fail("it could not be opened") }
        // From now on Redis has leased at least as much as the ledger has seen.
        guard redis("GET", Self.keys.leased).integer ?? 0 >= Int64(seen) else { throw fail("leases go back") }
    }

    private func drain(epoch: String) throws {
        while let token = redis("ZRANGE", Self.keys.sequence, "0", "0").array?.first?.string
            ?? redis("ZRANGE", Self.keys.leases, "0", "0").array?.first?.string
        {
            _ = try run(calls.release(token))
            let successors = (0..<QueueCalls.pieceLimit).map { _ in makeToken() }
            let reply = try run(calls.reclaim(token, for: successors), epoch: epoch)
            if let batch = try calls.reclaimed(successors[0], reply)?.batch { try finish(batch) }
        }
        while true {
            let token = makeToken()
            guard let batch = try calls.taken(token, try run(calls.take(token, limit: 5), epoch: epoch)) else { return }
            try finish(batch)
        }
    }

    func finish(_ batch: Batch) throws {
        let settlements = ledger.settle(batch.orders, lease: batch.number)
        guard try run(calls.acknowledge(batch, settlements)).integer == 1 else { throw fail("not acknowledged") }
    }

    private func publish(_ id: EventID) throws {
        guard let event = ledger.lock(id) else { return }
        var reply = try run(Inventory.call(publishing: event, filling: nil, in: Self.keys))
        if try Inventory.publication(reply) == .needsFilling {
            let token = makeToken()
            let orders = ledger.rows.values.filter { $0.event == id && ($0.state == .held || $0.customer != nil) }
                .filter { $0.state == .held || $0.state == .confirmed || $0.id.isMadeFromKey }
            for (page, isFirst) in [([], true), (Array(orders), false)] {
                _ = try run(Inventory.call(filling: page, of: id, token: token, isFirst: isFirst, in: Self.keys))
            }
            reply = try run(Inventory.call(publishing: event, filling: token, in: Self.keys))
        }
        let publication = try Inventory.publication(reply)
        guard publication == .done else { throw fail("\(id) was not published: \(publication)") }
    }
}
