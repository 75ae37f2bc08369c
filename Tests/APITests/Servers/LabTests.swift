import Foundation
import NIOPosix
import TestSupport
import Testing
import WorkerTestSupport

@testable import API
@testable import PostgresClient

extension TestStores {
    func lab() async throws -> Lab {
        let lab = Lab(
            pool: pool, direct: PostgresConfiguration(conninfo: settings.databaseURL), redis: stores.redis,
            inventory: inventory, catalogue: catalogue)
        try await lab.prepare()
        return lab
    }
}

/// The lab's strategies with the interleaving that makes the naive ones oversell, and under load.
@Suite(.timeLimit(.minutes(10))) struct LabTests {
    /// Sends four purchases of one ticket. Another transaction locks the row until all four wait for it. The naive
    /// strategies have read "1 left" by then, and sell it four times.
    @Test(arguments: [
        ("naive", 4), ("direct", 4), ("row-lock", 1), ("conditional-update", 1), ("serializable", 1),
    ])
    func onlyExactStrategiesSellTheLastTicketOnce(name: String, sold: Int) async throws {
        try await withTestStores { test in
            let strategy = try #require(try await test.lab()[name])
            try await strategy.reset(to: 1, by: .test)
            let sales = try await withThrowingTaskGroup(of: LabSale.self) { group in
                try await test.pool.withTransaction { connection in
                    try await connection.execute(
                        script: "SELECT 1 FROM lab_stock WHERE strategy = '\(name)' FOR UPDATE")
                    for _ in 0..<4 { group.addTask { try await strategy.buy(1) } }
                    try await eventually("all purchases wait for the row") {
                        try await test.sql(
                            """
                            SELECT count(DISTINCT pid) FROM pg_locks
                            WHERE locktype = 'tuple' AND relation = 'lab_stock'::regclass
                            """) == "4"
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(sales.count { $0 == .sold } == sold)
            let account = try await strategy.account()
            #expect(account == LabAccount(capacity: 1, sold: sold, stock: 1 - sold))
            #expect(account.oversold == sold - 1)
            #expect(strategy.isExact == (sold == 1))
        }
    }

    @Test(arguments: ["row-lock", "conditional-update", "serializable", "redis-lua", "queue"])
    func anExactStrategySellsExactlyTheCapacityUnderLoad(name: String) async throws {
        try await withTestStores { test in
            let strategy = try #require(try await test.lab()[name])
            try await strategy.reset(to: 21, by: .test)
            let accepted = try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0..<60 {
                    group.addTask {
                        switch try await strategy.buy(2) {
                        case .sold, .accepted: 2
                        case .soldOut: 0
                        case .refused, .notStocked: 1_000_000
                        }
                    }
                }
                return try await group.reduce(0, +)
            }
            // 21 units are sold in pairs, so one is left.
            #expect(accepted == 20)
            #expect(try await strategy.account() == LabAccount(capacity: 21, sold: 20, stock: 1))
        }
    }

    /// 30 purchases and 20 connections: with the pool they wait, without it Postgres refuses some of them.
    @Test func withoutAPoolLoadExceedsTheConnectionLimit() async throws {
        try await withPostgresServer(connections: 20) { postgres in
            try await withTestStores(postgres: postgres) { test in
                // Connected before the purchases use all other connections.
                let watcher = PostgresPool(PostgresConfiguration(conninfo: test.settings.databaseURL))
                _ = try await watcher.withConnection { try await $0.execute(script: "SELECT 1") }
                try await test.withAPI { api in
                    for (path, hasPool) in [("/lab/naive", true), ("/lab/direct", false)] {
                        let responses = try await withThrowingTaskGroup(of: HTTPClient.Response.self) { group in
                            try await test.pool.withTransaction { connection in
                                try await connection.execute(script: "SELECT 1 FROM lab_stock FOR UPDATE")
                                for _ in 0..<30 { group.addTask { try await api.send("POST", "\(path)/buy") } }
                                // All connections are in use, or all connections of the pool wait.
                                try await eventually("the purchases wait for the row") {
                                    let waiting = try await watcher.withConnection {
                                        try await $0.execute(
                                            script: "SELECT count(DISTINCT pid) FROM pg_locks WHERE locktype = 'tuple'")
                                    }
                                    return Int(waiting.rows[0][0] ?? "") ?? 0 >= (hasPool ? 5 : 10)
                                }
                            }
                            return try await group.reduce(into: []) { $0.append($1) }
                        }
                        let refused = responses.filter { $0.text("code") == "too-many-clients" }
                        #expect(refused.isEmpty == hasPool)
                        #expect(refused.allSatisfy { $0.status == 503 && $0.headers["retry-after"] == "1" })
                        #expect(responses.count { $0.status == 202 || $0.status == 410 } == 30 - refused.count)
                    }
                }
                await watcher.close()
            }
        }
    }

    @Test func theLabExistsOnlyInADemo() async throws {
        try await withTestStores { test in
            try await test.withAPI(demo: false) { api in
                for (method, path) in [
                    ("GET", "/lab"), ("GET", "/lab/naive"), ("POST", "/lab/naive/buy"), ("POST", "/lab/naive/reset"),
                    ("PUT", "/lab/naive"),
                ] {
                    let response = try await api.send(method, path)
                    #expect(response.status == 404)
                    #expect(response.text("code") == "route-not-found")
                }
            }
            try await test.withAPI { api in
                #expect(try await api.send("PUT", "/lab/naive").status == 405)
                let unknown = try await api.send("POST", "/lab/hope/buy")
                #expect(unknown.status == 404)
                #expect(unknown.text("detail")?.contains("row-lock") == true)
                let list = try await api.send("GET", "/lab").json["strategies"] as? [[String: Any]]
                #expect(list?.count == 7)
                #expect(list?.allSatisfy { $0["capacity"] as? Int == 100 && $0["sold"] as? Int == 0 } == true)
            }
        }
    }

    @Test func theQueueStrategyCreatesAnOrderAndARow() async throws {
        try await withTestStores { test in
            try await test.withAPI { api in
                #expect(try await api.send("POST", "/lab/queue/reset", #"{"capacity":5}"#).integer("stock") == 5)
                let bought = try await api.send("POST", "/lab/queue/buy", #"{"quantity":3}"#)
                #expect(bought.status == 202)
                let path = try #require(bought.text("status_url"))
                #expect(bought.headers["location"] == path)
                try await test.withWorkers {
                    let order = try await api.send("GET", "\(path)?wait=20")
                    #expect(order.text("status") == "confirmed")
                }
                let account = try await api.send("GET", "/lab/queue")
                #expect(account.integer("sold") == 3)
                #expect(account.integer("stock") == 2)
                #expect(account.integer("oversold") == 0)
            }
            #expect(try await test.sql("SELECT sum(quantity) FROM orders WHERE event_id = 'lab-queue'") == "3")
        }
    }

    @Test func stockThatRedisLostIsReportedAsMissing() async throws {
        try await withTestStores { test in
            try await test.withAPI { api in
                #expect(try await api.send("POST", "/lab/redis-lua/buy").status == 202)
                try await test.redis("DEL", "tb:{0}:lab:redis-lua")
                #expect(try await api.send("POST", "/lab/redis-lua/buy").text("code") == "recovering")
                #expect(try await api.send("POST", "/lab/redis-lua/reset", #"{"capacity":1}"#).status == 200)
                #expect(try await api.send("POST", "/lab/redis-lua/buy").status == 202)
                #expect(try await api.send("POST", "/lab/redis-lua/buy").status == 410)
            }
        }
    }

    /// PostgreSQL accepts the SQL of each statement, and the result has the columns that the rows are read from.
    @Test func everyStatementFitsTheSchema() async throws {
        try await withTestStores { test in
            for strategy in try await test.lab().strategies { try await strategy.prepare(capacity: 1, by: .test) }
            try await test.pool.withConnection { connection in
                for statement in LabStatements.all { try await statement.check(on: connection) }
            }
        }
    }
}
