import NIOPosix
import ServiceLifecycle
import TestSupport
import Testing

@testable import Domain
@testable import Environment
@testable import RedisClient
@testable import Worker

/// Where an event's units are by Redis's account.
struct Counters: Equatable {
    var available = 0
    var held = 0
    var pending = 0
    var sold = 0
}

extension TestStores {
    /// Runs workers while `body` runs, then stops them gracefully.
    func withWorkers<Value: Sendable>(
        _ count: Int = 1, batchSize: Int = 1000, lease: Duration = .seconds(10),
        _ body: @escaping @Sendable () async throws -> Value
    ) async throws -> Value {
        var settings = try WorkerSettings(Settings(flags: [:], environment: environment))
        settings.batchSize = batchSize
        settings.lease = lease
        var workers: [any Service] = []
        for _ in 0..<count {
            workers += try await Worker.App.services(
                settings, stores: stores, group: MultiThreadedEventLoopGroup.singleton, logger: logger)
        }
        let services = ServiceGroup(configuration: .init(services: workers, logger: logger))
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await services.run() }
            let result: Result<Value, any Error>
            do { result = .success(try await body()) } catch { result = .failure(error) }
            await services.triggerGracefulShutdown()
            let ended = await group.nextResult()
            let value = try result.get()
            try ended?.get()
            return value
        }
    }

    func counters(_ event: EventID = .demo) async throws -> Counters {
        let report = try #require(try await inventory.event(event))
        return Counters(
            available: report.available, held: report.held, pending: report.pending, sold: report.sold)
    }

    /// Claims from an event with a hold time; the order as it then is.
    func hold(_ event: EventID = .demo, quantity: Int = 1, customer: String? = nil) async throws -> Order {
        let purchase = purchase(event, quantity: quantity, customer: customer)
        guard case .accepted = try await inventory.claim(purchase) else {
            throw GaveUp(description: "the claim was refused")
        }
        return try #require(try await inventory.order(purchase.id))
    }

    /// The token of the only batch that is leased.
    func onlyToken() async throws -> String {
        try #require(try await redis("ZRANGE", keys.leases, "0", "-1").array?.first?.string)
    }

    /// Claims `count` times at once; how many were accepted, and the refusals.
    func claimAtOnce(
        _ count: Int, of event: EventID = .demo, quantity: Int = 1, customer: (Int) -> String? = { _ in nil }
    ) async throws -> (accepted: [Purchase], refused: [Refusal]) {
        try await withThrowingTaskGroup(of: (Purchase, ClaimOutcome).self) { group in
            for number in 0..<count {
                let purchase = purchase(event, quantity: quantity, customer: customer(number))
                group.addTask { (purchase, try await inventory.claim(purchase)) }
            }
            var accepted: [Purchase] = []
            var refused: [Refusal] = []
            for try await (purchase, outcome) in group {
                switch outcome {
                case .accepted: accepted.append(purchase)
                case .refused(let refusal): refused.append(refusal)
                }
            }
            return (accepted, refused)
        }
    }

    /// Waits until every connection stands again, and Redis has been found to hold what the ledger knows.
    func redisIsBack() async throws {
        for connection in stores.redis.connections {
            try await eventually("Redis is back") { (try? await connection.send(RedisCommand("PING"))) != nil }
        }
        try await recover()
    }

    /// Waits until nothing is queued or in flight, but for so many batches that the test holds.
    func drained(but batches: Int = 0) async throws {
        try await eventually("the queue is drained", within: 40) {
            let script = "return redis.call('LLEN', KEYS[1]) + redis.call('ZCARD', KEYS[2])"
            return try await redis("EVAL", script, "2", keys.queue, keys.leases).integer == Int64(batches)
        }
    }

    /// I3: at rest capacity = available + held + pending + sold, and Redis and the ledger agree.
    func isAtRest(_ event: EventID = .demo) async throws -> Bool {
        guard let report = try await inventory.event(event), let row = try await ledger.event(event) else {
            return false
        }
        return report.terms.capacity == report.available + report.held + report.pending + report.sold
            && report.pending == 0 && report.held == row.held && report.sold == row.sold
            && report.terms.capacity == row.terms.capacity
    }
}
