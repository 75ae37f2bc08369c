import Foundation
import TestSupport
import Testing

/// The programs on a Redis Cluster of three primaries, each with a replica. One test at a time: each has seven servers, and all
/// tests share one disk.
@Suite(.redisAndValkey, .serialized, .timeLimit(.minutes(10))) struct ClusterSaleTests {
    private struct Sale: Sendable {
        let cluster: RedisClusterNodes
        let postgres: PostgresServer
        let port: Int
        let environment: [String: String]
        let programs: [Run]

        var client: HTTPClient { HTTPClient(port: port) }

        func put(_ event: String, capacity: Int) async throws {
            let headers = ["Authorization": "Bearer secret"]
            let body = #"{"capacity":\#(capacity)}"#
            try await eventually("the event \(event) exists") {
                let status = try await client.send("PUT", "/events/\(event)", body, headers: headers).status
                return status == 201 || status == 200
            }
        }

        func attack(_ event: String, _ arguments: [String]) throws -> Run {
            try Run(
                "Attack",
                ["--url", "http://127.0.0.1:\(port)", "--event", event, "--database-url", postgres.url, "--quiet"]
                    + arguments, [:])
        }
    }

    private func withSale(
        nodeTimeout: Int = 5000, partitions: Int = 4, _ body: (Sale) async throws -> Void
    ) async throws {
        try await withRedisClusterNodes(primaries: 3, replicas: 1, nodeTimeout: nodeTimeout) { cluster in
            try await withPostgresServer { postgres in
                let port = try freePort()
                let environment = [
                    "REDIS_URL": cluster.url, "DATABASE_URL": postgres.url, "PARTITIONS": String(partitions),
                    "ADMIN_TOKEN": "secret", "WORKER_LEASE_SECONDS": "1", "DATABASE_POOL_SIZE": "8",
                ]
                let programs = [
                    try Run("API", ["--port", String(port)], environment), try Run("Worker", [], environment),
                ]
                let sale = Sale(
                    cluster: cluster, postgres: postgres, port: port, environment: environment, programs: programs)
                try await sale.client.waitUntilReady { [programs] in programs.map(\.output).joined() }
                try await body(sale)
                for program in programs { program.signal(SIGTERM) }
                for program in programs {
                    #expect(try await program.exitCode(within: 60) == 0, "\(program.output)")
                }
            }
        }
    }

    /// Events of several partitions, on several nodes.
    @Test func eachEventSellsExactlyItsCapacity() async throws {
        try await withSale { sale in
            let events = (1...6).map { "event-\($0)" }
            for event in events { try await sale.put(event, capacity: 10) }
            let attacks = try events.map { try sale.attack($0, ["--clients", "4", "--duration", "3s"]) }
            for attack in attacks {
                #expect(try await attack.exitCode(within: 120) == 0, "\(attack.output)")
                #expect(attack.output.contains("(10 tickets followed, ledger rows compared)"), "\(attack.output)")
            }
            var used = 0
            for node in sale.cluster.primaries where try await node.send("DBSIZE").integer ?? 0 > 0 { used += 1 }
            #expect(used > 1, "the partitions are on several nodes")
            let list = try await sale.client.send("GET", "/events?limit=100")
            for event in events { #expect(list.body.contains("\"\(event)\"")) }
        }
    }

    /// The replicas take over one after another while tickets are sold, without the loss of a machine.
    @Test func aManualFailoverLosesNothing() async throws {
        try await withSale { sale in
            try await sale.put("gala", capacity: 100_000)
            let attack = try sale.attack("gala", ["--clients", "8", "--duration", "8s"])
            for replicas in sale.cluster.replicas {
                // The attack is under way: some tickets are sold between two failovers.
                let before = try await sold(sale)
                try await eventually("tickets are sold") { try await sold(sale) > before + 20 }
                try await takeOver(replicas[0])
            }
            #expect(try await attack.exitCode(within: 120) == 0, "\(attack.output)")
            let log = sale.programs.map(\.output).joined()
            #expect(!log.contains("Redis has lost data"), "\(log)")
        }
    }

    /// A failover that does not succeed within 5 s, on a busy machine, is given up by the servers and requested again.
    private func takeOver(_ replica: RedisClusterNodes.Node) async throws {
        for _ in 0..<5 {
            try await replica.send("CLUSTER", "FAILOVER")
            do {
                return try await eventually("the replica has taken over", within: 6) {
                    try await replica.send("ROLE").array?.first?.string == "master"
                }
            } catch is GaveUp {
                continue
            }
        }
        throw GaveUp(description: "the replica does not take over")
    }

    enum Loss: CaseIterable {
        /// kill -9, and the machine does not come back.
        case killed
        /// The process stands still until its replica has taken over, and then wakes.
        case paused
    }

    /// The variable CLUSTER_LOSSES sets the number of losses of each kind. ``ClusterFaultTests`` has one of each always.
    private static let losses = ProcessInfo.processInfo.environment["CLUSTER_LOSSES"].flatMap { Int($0) } ?? 0

    /// The primary that sells is lost under load. What was acknowledged is on its replica, so nothing is rebuilt.
    @Test(.enabled(if: losses > 0, "only with CLUSTER_LOSSES"), arguments: Loss.allCases, 0..<max(1, losses))
    func theLossOfAPrimaryLosesNothing(loss: Loss, number: Int) async throws {
        try await withSale(nodeTimeout: 2000, partitions: 1) { sale in
            for event in ["gala", "other"] { try await sale.put(event, capacity: 100_000) }
            let attack = try sale.attack("gala", ["--clients", "8", "--duration", "12s"])
            try await eventually("tickets are sold") { try await sold(sale) > 50 }
            var seller: Int?
            for (index, node) in sale.cluster.primaries.enumerated()
            where try await node.send("DBSIZE").integer ?? 0 > 0 { seller = index }
            let index = try #require(seller)
            let (primary, replica) = (sale.cluster.primaries[index], sale.cluster.replicas[index][0])
            switch loss {
            case .killed: try await primary.server.kill()
            case .paused: await primary.server.signal(SIGSTOP)
            }
            let lost = ContinuousClock.now
            try await eventually("tickets are sold again") {
                let response = try? await sale.client.send("POST", "/buy", #"{"event":"other"}"#, within: .seconds(5))
                return response?.status == 202
            }
            let out = ContinuousClock.now - lost
            if loss == .paused { await primary.server.signal(SIGCONT) }
            #expect(try await attack.exitCode(within: 120) == 0, "\(attack.output)")
            #expect(try await replica.send("ROLE").array?.first?.string == "master")
            let log = sale.programs.map(\.output).joined()
            #expect(!log.contains("Redis has lost data"), "\(log)")
            print("cluster of \(RedisKind.current): a primary is \(loss), out for \(out):\n\(attack.output)")
        }
    }

    private func sold(_ sale: Sale) async throws -> Int {
        let body = try await sale.client.send("GET", "/events/gala").body
        let fields = try? JSONSerialization.jsonObject(with: Data(body.utf8)) as? [String: Any]
        return (fields?["sold"] as? Int ?? 0) + (fields?["pending"] as? Int ?? 0)
    }

    @Test func whatCannotWorkEndsTheProgramWithOneLine() async throws {
        try await withRedisClusterNodes(primaries: 2) { cluster in
            try await withRedisClusterNodes(primaries: 1) { other in
                try await withPostgresServer { postgres in
                    let addresses = cluster.primaries.map { "127.0.0.1:\($0.port)" }
                    let cases = [
                        (addresses[0], "names one node of a Redis Cluster"),
                        ("\(addresses[0]),127.0.0.1:\(other.primaries[0].port)", "names nodes of two clusters"),
                    ]
                    for (hosts, text) in cases {
                        let run = try Run(
                            "Worker", [], ["REDIS_URL": "redis://\(hosts)", "DATABASE_URL": postgres.url])
                        #expect(try await run.exitCode(within: 60) == 78, "\(run.output)")
                        #expect(run.output.contains(text), "\(run.output)")
                    }
                }
            }
        }
    }
}
