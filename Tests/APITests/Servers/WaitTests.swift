import NIOCore
import NIOPosix
import TestSupport
import Testing
import WorkerTestSupport

@testable import Domain
@testable import Engine
@testable import Runtime

@Suite(.bothWays, .timeLimit(.minutes(10))) struct WaitTests {
    private func watch(_ test: TestStores) -> OrderWatch {
        OrderWatch(
            through: test.stores.redis, partitioning: test.settings.partitioning,
            on: MultiThreadedEventLoopGroup.singleton.next())
    }

    /// The number of HGET commands in Redis: each read of an order reads its event's generation once.
    private func reads(_ test: TestStores) async throws -> Int {
        let stats = try await test.redis("INFO", "commandstats").string ?? ""
        let line = stats.split(whereSeparator: \.isNewline).first { $0.hasPrefix("cmdstat_hget:calls=") }
        return line.flatMap { Int($0.split(separator: ",")[0].split(separator: "=")[1]) } ?? 0
    }

    @Test func aWaitingRequestReadsTheOrderOnceAndAgainWhenItIsPersisted() async throws {
        try await withRedisServer { redis in
            try await withTestStores(redis: redis) { test in
                let watch = watch(test)
                try await test.withAPI(watch: watch) { api in
                    let id = try #require(try await api.send("POST", "/buy").text("ticket_id"))
                    let start = ContinuousClock.now
                    let before = try await reads(test)
                    let first = Task {
                        try await api.send("GET", "/orders/\(id)", headers: ["Prefer": "respond-async, wait=25"])
                    }
                    // Requests in the same turn of the event loop would share a read.
                    try await eventually("the request has read the order") { try await reads(test) == before + 1 }
                    let second = Task { try await api.send("GET", "/orders/\(id)?wait=25") }
                    try await eventually("both requests have read the order") { try await reads(test) == before + 2 }
                    // Polling would show within this time.
                    try await Task.sleep(for: .seconds(1))
                    #expect(try await reads(test) == before + 2)
                    try await test.withWorkers {
                        let response = try await first.value
                        #expect(response.text("status") == "confirmed")
                        #expect(response.json["persisted"] as? Bool == true)
                        #expect(response.headers["preference-applied"] == "wait=25")
                        #expect(response.headers["retry-after"] == nil)
                        #expect(try await second.value.text("status") == "confirmed")
                    }
                    #expect(ContinuousClock.now - start < .seconds(20))
                }
            }
        }
    }

    @Test func theCurrentOrderIsReturnedAfterTheWaitTime() async throws {
        try await withTestStores { test in
            try await test.withAPI { api in
                let id = try #require(try await api.send("POST", "/buy").text("ticket_id"))
                let start = ContinuousClock.now
                let response = try await api.send("GET", "/orders/\(id)?wait=1")
                #expect(response.status == 200)
                #expect(response.text("status") == "pending")
                #expect(response.headers["retry-after"] == "1")
                #expect(ContinuousClock.now - start >= .milliseconds(900))
                // An invalid wait in the header is ignored (RFC 7240).
                for value in ["wait", "wait=x", "wait=-1", "handling=lenient", "wait=0"] {
                    let at = ContinuousClock.now
                    #expect(try await api.send("GET", "/orders/\(id)", headers: ["Prefer": value]).status == 200)
                    #expect(ContinuousClock.now - at < .seconds(15))
                }
            }
        }
    }

    @Test func cancellationAndExpiryEndTheWait() async throws {
        try await withTestStores { test in
            let watch = watch(test)
            try await test.withAPI(watch: watch) { api in
                _ = try await test.catalogue.put(.demo, EventChange(holdSeconds: 1))
                let orders = [try await test.hold(), try await test.hold()]
                let start = ContinuousClock.now
                async let cancelled = api.send("GET", "/orders/\(orders[0].id)?wait=25")
                async let expired = api.send("GET", "/orders/\(orders[1].id)?wait=25")
                try await eventually("both orders are watched") { watch.count == 2 }
                _ = try await test.inventory.change(orders[0], by: .cancel)
                let holds = HoldExpirer(test.partition)
                try await eventually("the other order expires") { try await holds.expireDue().expired == 1 }
                // Neither is in the ledger: no worker runs.
                let responses = [try await cancelled, try await expired]
                #expect(ContinuousClock.now - start < .seconds(20), "before the end of the wait time")
                #expect(responses.map { $0.text("status") } == ["cancelled", "expired"])
                #expect(responses.allSatisfy { $0.json["persisted"] as? Bool == false })
            }
        }
    }

    @Test func aMessageLostWithTheConnectionDoesNotDelayTheResponse() async throws {
        try await withRedisServer { redis in
            try await withTestStores(redis: redis) { test in
                let watch = watch(test)
                try await test.withAPI(watch: watch) { api in
                    let id = try #require(try await api.send("POST", "/buy").text("ticket_id"))
                    let before = try await reads(test)
                    let start = ContinuousClock.now
                    async let response = api.send("GET", "/orders/\(id)?wait=25")
                    try await eventually("the request has read the order") { try await reads(test) > before }
                    // The order is settled without a message, as if the message were lost.
                    let batch = try #require(try await test.queue(lease: .seconds(60)).take(limit: 10))
                    _ = try await test.ledger.settle(batch.orders)
                    try await test.redis("DEL", test.keys.order(try #require(OrderID(id))))
                    try await test.redis("CLIENT", "KILL", "TYPE", "pubsub")
                    #expect(try await response.text("status") == "confirmed")
                    #expect(ContinuousClock.now - start < .seconds(20), "before the end of the wait time")
                }
            }
        }
    }

    @Test func shutdownAnswersWaitingRequests() async throws {
        try await withTestStores { test in
            let (stopping, stop) = AsyncStream.makeStream(of: Void.self)
            let waiting = AsyncStream.makeStream(of: HTTPClient.Response?.self)
            let start = ContinuousClock.now
            let watch = watch(test)
            try await test.withAPI(watch: watch) { api in
                let id = try #require(try await api.send("POST", "/buy").text("ticket_id"))
                Task {
                    waiting.continuation.yield(try? await api.send("GET", "/orders/\(id)?wait=30"))
                    stop.yield()
                }
                try await eventually("the order is watched") { watch.count == 1 }
            }
            for await _ in stopping { break }
            for await response in waiting.stream {
                #expect(response?.status == 200)
                #expect(response?.text("status") == "pending")
                break
            }
            #expect(ContinuousClock.now - start < .seconds(25))
        }
    }

    @Test func aClosedConnectionEndsItsWait() async throws {
        try await withTestStores { test in
            let watch = watch(test)
            try await test.withAPI(watch: watch) { api in
                let id = try #require(try await api.send("POST", "/buy").text("ticket_id"))
                let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                    .connect(host: "127.0.0.1", port: api.port).get()
                try await channel.writeAndFlush(
                    ByteBuffer(string: "GET /orders/\(id)?wait=30 HTTP/1.1\r\nHost: localhost\r\n\r\n"))
                try await eventually("the request waits") { watch.count == 1 }
                try await channel.close()
                try await eventually("no request waits", within: 10) { watch.count == 0 }
            }
        }
    }

    /// A pipelined request ends the wait, and the responses keep their order.
    @Test func aPipelinedRequestEndsTheWaitBeforeIt() async throws {
        try await withTestStores { test in
            try await test.withAPI { api in
                let id = try #require(try await api.send("POST", "/buy").text("ticket_id"))
                let start = ContinuousClock.now
                let text = try await api.exchange([
                    .send("GET /orders/\(id)?wait=30 HTTP/1.1\r\nHost: localhost\r\n\r\n"),
                    .send("GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"),
                ])
                #expect(ContinuousClock.now - start < .seconds(20))
                let first = try #require(text.range(of: "\"pending\"")?.lowerBound)
                let second = try #require(text.range(of: "\"alive\"")?.lowerBound)
                #expect(first < second)
            }
        }
    }
}
