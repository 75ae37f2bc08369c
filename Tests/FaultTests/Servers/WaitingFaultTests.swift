import TestSupport
import Testing

/// Waiting rooms and waiting lists during faults. Nobody loses a place; people are admitted once and in the order of the draw, and
/// exactly the capacity is sold; each place on a list has one offer, in the order of joining, and walk-ins get only what is left.
@Suite(.timeLimit(.minutes(15))) struct WaitingFaultTests {
    struct Faults: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let lobby: Fault
        let opening: Fault
        let sale: [Fault]

        init(_ name: String, _ faults: [String]) {
            testDescription = name
            let found = faults.compactMap { name in Fault.all.first { $0.name == name } }
            precondition(found.count == faults.count)
            (lobby, opening, sale) = (found[0], found[1], Array(found[2...]))
        }
    }

    static let faults = [
        Faults(
            "programs",
            ["kill -9 of an API", "kill -9 of a worker", "a worker paused", "kill -9 of an API", "kill -9 of a worker"]),
        Faults(
            "servers",
            ["kill -9 of Redis", "Postgres unavailable", "kill -9 of Redis", "kill -9 of Postgres", "Redis paused"]),
        Faults(
            "links",
            [
                "replies dropped between API and Redis", "replies dropped between worker and Redis",
                "half-open between API and Redis", "replies dropped between client and API",
                "refused between worker and Redis", "cut between API and Redis",
            ]),
    ]

    @Test(arguments: faults) func faultsLoseNoPlace(faults: Faults) async throws {
        try await Cluster.withCluster { cluster in
            let result = try await WaitingRun(seed: 1, on: cluster).result(
                faults.testDescription, lobby: [faults.lobby], opening: faults.opening, sale: faults.sale)
            #expect(result.room.holds, "\(result.room)")
            #expect(result.list.holds, "\(result.list)")
            #expect(result.orders.holds, "\(result.orders)")
            #expect(result.orders.rejected.isEmpty, "\(result.orders)")
        }
    }

    /// The room continues at the marks of the ledger.
    @Test func aLossOfRedisDuringTheSaleAdmitsNobodyTwice() async throws {
        try await Cluster.withCluster { cluster in
            let result = try await WaitingRun(seed: 2, on: cluster).result(
                "Redis restarted empty during the sale", sale: [.redisRestartedEmpty])
            #expect(result.room.holds, "\(result.room)")
            #expect(result.list.holds, "\(result.list)")
            expectNothingIsSoldTwice(result.orders)
        }
    }

    /// The lobby is drawn from all numbers that the ledger allows, so most of its places belong to nobody.
    @Test func aLossOfRedisBeforeTheDrawLosesNoPlace() async throws {
        let terms = WaitingRun.Terms(capacity: 3000, rate: 300, people: 60, isSoldOut: false)
        try await Cluster.withCluster { cluster in
            let result = try await WaitingRun(terms, seed: 3, on: cluster).result(
                "FLUSHALL in the lobby, Redis restarted empty during the sale", lobby: [.redisFlushed],
                sale: [.redisRestartedEmpty])
            #expect(result.room.holds, "\(result.room)")
            #expect(result.list.holds, "\(result.list)")
            expectNothingIsSoldTwice(result.orders)
        }
    }

    private func expectNothingIsSoldTwice(_ verdict: Verdict) {
        #expect(verdict.doubled.isEmpty, "\(verdict)")
        #expect(verdict.oversold.isEmpty, "\(verdict)")
        #expect(verdict.unbalanced.isEmpty, "\(verdict)")
        #expect(verdict.miscounted.isEmpty, "\(verdict)")
        #expect(verdict.lost.count < max(2, verdict.accepted / 2), "\(verdict)")
    }

    @Test(arguments: RedisKind.allCases) func aFailoverAndAMovedSlotLoseNoPlace(kind: RedisKind) async throws {
        try await RedisKind.$current.withValue(kind) {
            try await withRedisClusterNodes(primaries: 3, replicas: 1, nodeTimeout: 2000) { nodes in
                try await Cluster.withCluster(nodes: nodes) { cluster in
                    let moved = kind == .valkey ? Fault.slotMovedAtomically : .slotMovedKeyByKey
                    let result = try await WaitingRun(seed: 4, on: cluster).result(
                        "failovers and a moved slot of \(kind)", lobby: [moved], sale: [.primaryKilled])
                    #expect(result.room.holds, "\(result.room)")
                    #expect(result.list.holds, "\(result.list)")
                    #expect(result.orders.holds, "\(result.orders)")
                    #expect(result.orders.rejected.isEmpty, "\(result.orders)")
                }
            }
        }
    }
}
