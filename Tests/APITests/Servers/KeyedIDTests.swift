import Foundation
import TestSupport
import Testing
import WorkerTestSupport

@testable import Domain
@testable import Ledger
@testable import RedisSchema

/// Ids that are made from idempotency keys.
@Suite(.bothWays, .timeLimit(.minutes(10))) struct KeyedIDTests {
    private static let body = #"{"event":"demo","customer":"ann","quantity":2}"#
    private static let key = ["Idempotency-Key": "k-1"]

    private func buy(_ api: HTTPClient) async throws -> (id: OrderID, isReplay: Bool) {
        let response = try await api.send("POST", "/buy", Self.body, headers: Self.key)
        let id = try #require(response.text("ticket_id").flatMap { OrderID($0) }, "\(response)")
        return (id, response.headers["idempotent-replayed"] == "true")
    }

    private func plainHash() throws -> UInt64 {
        IdempotencyScope(event: .demo, customer: "ann", key: "k-1").plainHash
    }

    /// Whether an id has the bits of a hash.
    private func isMade(_ id: OrderID, from hash: UInt64) -> Bool {
        OrderID(at: .now, partition: 0, keyHash: hash).low == id.low
    }

    /// Who knows event, customer and key cannot compute the id: it is another one in each installation, and none of those
    /// that hashes of the three give.
    @Test func anIDCannotBeComputedFromTheKey() async throws {
        var ids: [OrderID] = []
        for _ in 0..<2 {
            let id = try await withTestStores { test in
                try await test.withAPI { api in try await buy(api).id }
            }
            #expect(id.isMadeFromKey)
            #expect(try !isMade(id, from: plainHash()))
            ids.append(id)
        }
        #expect(ids[0].low != ids[1].low)
    }

    @Test func aRepetitionFindsTheFirstOrder() async throws {
        try await withTestStores { test in
            let first = try await test.withAPI { api in
                let first = try await buy(api)
                #expect(!first.isReplay)
                let second = try await buy(api)
                #expect(second == (first.id, true))
                return first.id
            }
            // Also after a restart.
            try await test.withAPI { api in
                let third = try await buy(api)
                #expect(third == (first, true))
            }
            #expect(try await test.counters().pending == 2)
        }
    }

    // MARK: Upgrades

    /// The order of a program of an earlier release is found, and so are those of this release before and after the change.
    @Test(arguments: [-25, -1, 1, 23])
    func aKeyOfAnEarlierReleaseIsFound(hoursAfterTheChange hours: Int) async throws {
        try await withTestStores { test in
            try await test.withAPI { api in
                // What an earlier release does.
                let earlier = OrderID(at: .now, partition: 0, keyHash: try plainHash())
                let purchase = Purchase(id: earlier, event: .demo, quantity: 2, customer: "ann")
                #expect(try await test.acceptance(of: purchase).order == earlier)
                try setChange(test, hoursAgo: hours)
                let found = try await buy(api)
                #expect(found == (earlier, true))
                #expect(try await test.counters().pending == 2)
                // The purchase must be the same.
                let other = try await api.send("POST", "/buy", #"{"event":"demo","customer":"ann"}"#, headers: Self.key)
                #expect(other.text("code") == "idempotency-key-reused")
            }
        }
    }

    @Test func anOrderIsFoundAcrossTheChange() async throws {
        try await withTestStores { test in
            try await test.withAPI { api in
                try setChange(test, hoursAgo: -1)
                let before = try await buy(api)
                #expect(try isMade(before.id, from: plainHash()), "programs of the earlier release find it")
                try setChange(test, hoursAgo: 1)
                let after = try await buy(api)
                #expect(after == (before.id, true))
            }
        }
    }

    /// The clock of another API is behind: it makes ids in the earlier way after this one has changed.
    @Test func anOrderIsFoundByAnAPIWhoseClockIsBehind() async throws {
        try await withTestStores { test in
            try await test.withAPI { api in
                try setChange(test, hoursAgo: 1)
                let ahead = try await buy(api)
                #expect(try !isMade(ahead.id, from: plainHash()))
                try setChange(test, hoursAgo: -1)
                let behind = try await buy(api)
                #expect(behind == (ahead.id, true))
            }
        }
    }

    /// The record of the first order is not in Redis yet: nothing is sold until it is.
    @Test func aKeyIsFoundAfterRedisHasLostTheEvent() async throws {
        try await withTestStores { test in
            try await test.withAPI { api in
                try setChange(test, hoursAgo: -1)
                let first = try await buy(api)
                try await test.withWorkers { try await test.waitUntilDrained() }
                try setChange(test, hoursAgo: 1)
                _ = try await test.redis("DEL", test.keys.event(.demo), test.keys.order(first.id))
                try await eventually("it is found again") {
                    let response = try await api.send("POST", "/buy", Self.body, headers: Self.key)
                    guard response.status == 202 else { return false }
                    #expect(response.text("ticket_id") == first.id.description)
                    return true
                }
                #expect(try await test.sql("SELECT count(*) FROM orders") == "1")
            }
        }
    }

    /// Sets the time from which ids are made with the secret, for the API in this process.
    private func setChange(_ test: TestStores, hoursAgo hours: Int) throws {
        let now = Timestamp.now.milliseconds
        test.stores.keyedIDs.set(
            try #require(
                InstallationSecret(
                    hexadecimal: String(repeating: "5a", count: 32),
                    keyedFrom: Timestamp(milliseconds: now - Int64(hours) * 3_600_000))))
    }
}

/// The programs as processes.
@Suite(.timeLimit(.minutes(10))) struct InstallationSecretProgramTests {
    @Test func twoAPIsMakeTheSameIDsAndTheSecretStaysInTheLedger() async throws {
        try await withRedisServer { redis in
            try await withTestStores(redis: redis) { test in
                try await test.sql("DELETE FROM installation")
                try await test.catalogue.ensure(.demo, EventTerms(name: "Demo", capacity: 100))
                let environment = test.environment.merging(["LOG_LEVEL": "trace", "ADMIN_TOKEN": "secret"]) { $1 }
                let ports = [try freePort(), try freePort()]
                var programs = [try Run("Worker", [], environment)]
                for port in ports { programs.append(try Run("API", ["--port", String(port)], environment)) }
                let clients = ports.map { HTTPClient(port: $0) }
                for client in clients {
                    try await client.waitUntilReady { [programs] in programs.map(\.output).joined() }
                }
                var ids: Set<String> = []
                var texts: [String] = []
                for client in clients {
                    let response = try await client.send(
                        "POST", "/buy", #"{"customer":"ann"}"#, headers: ["Idempotency-Key": "k"])
                    ids.insert(try #require(response.text("ticket_id")))
                    texts.append(response.body)
                    for path in ["/admin/queue", "/admin/dead-letters", "/readyz", "/metrics", "/events/demo"] {
                        let answer = try await client.send(
                            "GET", path, headers: ["Authorization": "Bearer secret"])
                        #expect(answer.status == 200)
                        texts.append(answer.body)
                    }
                }
                #expect(ids.count == 1)
                let id = try #require(ids.first)
                let settled = try await clients[0].send("GET", "/orders/\(id)?wait=20")
                #expect(settled.text("status") == "confirmed")
                let secret = try await test.ledger.secret()
                for program in programs {
                    program.signal(SIGTERM)
                    #expect(try await program.exitCode() == 0)
                    texts.append(program.output)
                }
                for text in texts { #expect(!text.lowercased().contains(secret.hexadecimal.prefix(16))) }
                // Redis logs every write, scripts included, in its append-only file.
                let folder = redis.directory.appendingPathComponent("appendonlydir")
                let files = try FileManager.default.contentsOfDirectory(atPath: folder.path)
                #expect(!files.isEmpty)
                for file in files {
                    let data = try Data(contentsOf: folder.appendingPathComponent(file))
                    #expect(data.range(of: Data(secret.bytes.prefix(8))) == nil)
                    #expect(data.range(of: Data(secret.hexadecimal.prefix(16).utf8)) == nil)
                }
            }
        }
    }
}
