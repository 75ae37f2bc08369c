import Foundation
import Glibc
import TestSupport
import Testing

/// Each fault once, with `appendfsync always`: nothing is lost, doubled or oversold, and the sale continues.
@Suite(.timeLimit(.minutes(10))) struct FaultTests {
    @Test(arguments: Fault.all) func aFaultLosesNothing(fault: Fault) async throws {
        try await Cluster.withCluster { cluster in
            let verdict = try await FaultRun.verdict(fault.name, seed: 1, on: cluster) { _ in
                var generator = SeededGenerator(seed: 1)
                try await fault.inject(cluster, &generator)
            }
            #expect(verdict.holds, "\(fault): \(verdict)")
            #expect(verdict.rejected.isEmpty, "\(fault): \(verdict)")
        }
    }

    /// A worker dies at a step of a batch, and another worker reclaims the batch.
    @Test(arguments: ["after-take", "in-transaction", "before-commit", "after-commit", "in-acknowledgement"])
    func aWorkerThatDiesAtAnyStepLosesNothing(failpoint: String) async throws {
        try await Cluster.withCluster { cluster in
            let verdict = try await FaultRun.verdict("worker ends \(failpoint)", seed: 2, on: cluster) { _ in
                for _ in 0..<2 {
                    try await cluster.killWorker(0)
                    try await cluster.startWorker(0, failpoint: ["FAILPOINT": failpoint])
                    try await cluster.workerEnds(0)
                }
                try await cluster.startWorker(0)
            }
            #expect(verdict.holds, "\(failpoint): \(verdict)")
            #expect(verdict.rejected.isEmpty, "\(failpoint): \(verdict)")
        }
    }

    /// An order that kills every worker that takes it is dead-lettered, and can be requeued after the worker is fixed.
    @Test func anOrderThatKillsEveryWorkerIsDeadLettered() async throws {
        try await Cluster.withCluster(workers: 1) { cluster in
            let poison = ["FAILPOINT": "poison", "FAILPOINT_CUSTOMER": "poison"]
            let verdict = try await FaultRun.verdict("poison", seed: 3, on: cluster) { history in
                try await cluster.killWorker(0)
                try await cluster.startWorker(0, failpoint: poison)
                let load = Load(history: history, ports: cluster.apiPorts, seed: 3)
                let body = #"{"event":"\#(Cluster.plain)","customer":"poison"}"#
                let outcome = await load.send("POST", "/buy", body, port: cluster.apiPorts[0])
                history.add(.buy(event: Cluster.plain, quantity: 1, customer: "poison", key: nil), outcome)
                let api = HTTPClient(port: cluster.apiPorts[0])
                let admin = ["Authorization": "Bearer \(Cluster.token)"]
                func letters() async throws -> [[String: Any]] {
                    try await api.send("GET", "/admin/dead-letters", headers: admin).json["dead_letters"]
                        as? [[String: Any]] ?? []
                }
                // More than a dozen workers start and die, while other tests run.
                let deadline = ContinuousClock.now + .seconds(300)
                while try await letters().isEmpty, ContinuousClock.now < deadline {
                    try await cluster.restartDeadWorkers(failpoint: poison)
                    try await Fault.pause(0.05)
                }
                let letter = try #require(try await letters().first)
                #expect((letter["reason"] as? String)?.contains("times while it had this entry") == true)
                try await cluster.killWorker(0)
                try await cluster.startWorker(0)
                let id = try #require(letter["id"] as? String)
                #expect(
                    try await api.send("POST", "/admin/dead-letters/\(id)/requeue", headers: admin).status == 200)
            }
            #expect(verdict.holds, "\(verdict)")
            #expect(verdict.rejected.isEmpty, "\(verdict)")
        }
    }

    /// A thousand concurrent requests with one key to both APIs, with cut connections, create one order.
    @Test func aThousandRequestsWithOneKeyCreateOneOrder() async throws {
        try await Cluster.withCluster { cluster in
            let verdict = try await FaultRun.verdict("one key 1,000 times", seed: 4, on: cluster) { history in
                let load = Load(history: history, ports: cluster.apiPorts, seed: 4)
                let body = #"{"event":"\#(Cluster.plain)","customer":"one"}"#
                await withTaskGroup(of: Void.self) { group in
                    for number in 0..<1000 {
                        if number >= 100 { await group.next() }
                        group.addTask {
                            let outcome = await load.send(
                                "POST", "/buy", body, key: "the one", port: cluster.apiPorts[number % 2])
                            history.add(
                                .buy(event: Cluster.plain, quantity: 1, customer: "one", key: "the one"), outcome)
                        }
                        if number % 250 == 100 { cluster.apiProxy.cut() }
                    }
                }
            }
            #expect(verdict.holds, "\(verdict)")
            #expect(try await cluster.sql("SELECT count(*) FROM orders WHERE customer = 'one'").first?.first == "1")
        }
    }

    /// With `always`, a full disk ends Redis. Redis has not acknowledged what it could not write.
    @Test func aFullDiskLosesNothing() async throws {
        // The limit is 300 blocks of 1024 bytes. The trap ignores the signal, so that a write beyond the limit fails.
        try await Cluster.withCluster(redisOptions: "", redisPrefix: "trap '' XFSZ; ulimit -f 300;") { cluster in
            let verdict = try await FaultRun.verdict("full disk", seed: 5, on: cluster) { _ in
                try await eventually("Redis ends because the disk is full", within: 60) {
                    await !cluster.redis.isRunning
                }
                #expect(cluster.redis.log.contains("AOF"))
                await cluster.redis.setPrefix("")
                try await cluster.redis.restart()
            }
            #expect(verdict.holds, "\(verdict)")
            #expect(verdict.rejected.isEmpty, "\(verdict)")
        }
    }
}
