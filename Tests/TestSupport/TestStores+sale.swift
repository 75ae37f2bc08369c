package import Domain
import RedisClient
import RedisSchema

@testable import Engine
@testable import Ledger
@testable import Runtime

/// The units of an event by state, as Redis counts them.
package struct Counters: Equatable {
    package var available: Int
    package var held: Int
    package var pending: Int
    package var sold: Int

    package init(available: Int = 0, held: Int = 0, pending: Int = 0, sold: Int = 0) {
        self.available = available
        self.held = held
        self.pending = pending
        self.sold = sold
    }
}

extension TestStores {
    package func counters(_ event: EventID = .demo) async throws -> Counters {
        guard let report = try await inventory.event(event) else {
            throw GaveUp(description: "Redis has no event \(event)")
        }
        return Counters(
            available: report.available, held: report.held, pending: report.pending, sold: report.sold)
    }

    /// Claims from an event with a hold time, and returns the order.
    package func hold(_ event: EventID = .demo, quantity: Int = 1, customer: String? = nil) async throws -> Order {
        let purchase = purchase(event, quantity: quantity, customer: customer)
        guard case .accepted = try await inventory.claim(purchase) else {
            throw GaveUp(description: "the claim was refused")
        }
        guard let order = try await inventory.order(purchase.id) else {
            throw GaveUp(description: "Redis has no record of \(purchase.id)")
        }
        return order
    }

    /// The token of the only batch that is leased.
    package func onlyToken() async throws -> String {
        guard let token = try await redis("ZRANGE", keys.leases, "0", "-1").array?.first?.string else {
            throw GaveUp(description: "no batch is leased")
        }
        return token
    }

    /// Sends `count` claims concurrently.
    ///
    /// - Returns: the accepted purchases and the refusals, each in the order of their numbers.
    package func claimAtOnce(
        _ count: Int, of event: EventID = .demo, quantity: Int = 1, customer: (Int) -> String? = { _ in nil }
    ) async throws -> (accepted: [Purchase], refused: [Refusal]) {
        try await withThrowingTaskGroup(of: (Int, ClaimOutcome).self) { group in
            let purchases = (0..<count).map { purchase(event, quantity: quantity, customer: customer($0)) }
            for (number, purchase) in purchases.enumerated() {
                group.addTask { (number, try await inventory.claim(purchase)) }
            }
            var accepted: [Purchase] = []
            var refused: [Refusal] = []
            let outcomes = try await group.reduce(into: []) { $0.append($1) }.sorted { $0.0 < $1.0 }
            for (number, outcome) in outcomes {
                switch outcome {
                case .accepted: accepted.append(purchases[number])
                case .refused(let refusal): refused.append(refusal)
                case .inLedger, .clientRequired: throw GaveUp(description: "an unexpected outcome: \(outcome)")
                }
            }
            return (accepted, refused)
        }
    }

    /// Waits until nothing is queued or in flight, except `batches` batches that the test has taken.
    package func waitUntilDrained(except batches: Int = 0) async throws {
        try await eventually("the queue is drained", within: 40) {
            let script = "return redis.call('LLEN', KEYS[1]) + redis.call('ZCARD', KEYS[2])"
            return try await redis("EVAL", script, "2", keys.queue, keys.leases).integer == Int64(batches)
        }
    }

    /// I3: at rest capacity = available + held + pending + sold, and Redis and the ledger agree.
    package func isAtRest(_ event: EventID = .demo) async throws -> Bool {
        guard let report = try await inventory.event(event), let row = try await ledger.event(event) else {
            return false
        }
        return report.terms.capacity == report.available + report.held + report.pending + report.sold
            && report.pending == 0 && report.held == row.held && report.sold == row.sold
            && report.terms.capacity == row.terms.capacity
    }

    /// Waits until every connection of the stores is open again, and recovers all partitions.
    package func waitForRedis() async throws {
        for connection in stores.redis.connections {
            try await eventually("Redis is available again") {
                (try? await connection.send(RedisCommand("PING"))) != nil
            }
        }
        try await recover()
    }

    /// Claims, and throws if the claim is refused.
    package func acceptance(of purchase: Purchase) async throws -> Acceptance {
        guard case .accepted(let acceptance) = try await inventory.claim(purchase) else {
            throw GaveUp(description: "the claim was refused")
        }
        return acceptance
    }
}
