import Foundation
import TestSupport

@testable import Domain
@testable import Engine
@testable import PostgresClient
@testable import RedisClient
@testable import RedisSchema
@testable import Timing

/// Waits for states of a cluster, and reads them.
extension Cluster {
    func waitUntilReady(within seconds: Double = 60) async throws {
        for port in apiPorts {
            try await HTTPClient(port: port).waitUntilReady(within: seconds) { [logs] in "\(logs)" }
        }
    }

    func makeEvents() async throws {
        let client = HTTPClient(port: apiPorts[0])
        for (event, body) in [
            (Self.plain, #"{"capacity":1000000}"#),
            (Self.scarce, #"{"capacity":150,"hold_seconds":2,"per_customer_limit":\#(Self.customerLimit)}"#),
        ] {
            // Again after a 503: a busy disk can keep a store longer than the API waits.
            try await eventually("the event \(event) exists", within: 60) {
                let response = try await client.send(
                    "PUT", "/events/\(event)", body, headers: ["Authorization": "Bearer \(Self.token)"])
                return response.status == 201 || response.status == 200
            }
        }
    }

    /// Repeats `body` for 20 s at most, because a server may have been killed before. A command of a fault may
    /// therefore run twice.
    private func retrying<Value>(_ body: () async throws -> Value) async throws -> Value {
        let deadline = ContinuousClock.now + .seconds(20)
        while true {
            do {
                return try await body()
            } catch {
                guard ContinuousClock.now < deadline else { throw error }
                try await Task.sleep(for: .milliseconds(10))
            }
        }
    }

    func redis(_ name: String, _ arguments: String...) async throws -> RESPValue {
        var command = RedisCommand(name)
        for argument in arguments { command.append(argument) }
        return try await redis(command)
    }

    private func redis(_ command: RedisCommand) async throws -> RESPValue {
        try await retrying { try await stores.redis.connection(of: Keyspace(partition: 0).slot).send(command) }
    }

    func sql(_ sql: String) async throws -> [[String?]] {
        try await retrying { try await stores.pool.withConnection { try await $0.execute(script: sql) }.rows }
    }

    func withTransaction(_ body: @escaping @Sendable (PostgresConnection) async throws -> Void) async throws {
        try await retrying { try await stores.pool.withTransaction(body) }
    }

    /// Waits until nothing is queued, leased or held.
    ///
    /// - Parameter events: the events with holds.
    func waitUntilAtRest(_ events: [String] = [Cluster.scarce]) async throws {
        let keys = Keyspace(partition: 0)
        do {
            try await waitUntilDrained(keys, events)
        } catch {
            throw GaveUp(description: "\(error)\n\(await keysOfRedis())\n\(logs)")
        }
        try await waitUntilReady()
    }

    /// One script reads all values at the same moment. Between several commands the expiry could end the last hold and queue
    /// it, so that each command returns 0.
    private func waitUntilDrained(_ keys: Keyspace, _ events: [String]) async throws {
        let script = """
            local left = redis.call('LLEN', KEYS[1]) + redis.call('ZCARD', KEYS[2]) \
            for index = 3, #KEYS do left = left + (tonumber(redis.call('HGET', KEYS[index], 'held') or '') or 1) end \
            return left
            """
        let hashes = events.map { keys.event(EventID($0) ?? .demo) }
        var command = RedisCommand("EVAL", script, String(2 + hashes.count), keys.queue, keys.leases)
        for hash in hashes { command.append(hash) }
        try await eventually("everything is drained", within: 60) { [command] in
            (try? await self.redis(command).integer) == 0
        }
    }

    /// Makes ids from keys as the APIs do.
    func keyedIDs() async throws -> KeyedIDs {
        stores.keyedIDs.set(try await retrying { try await stores.ledger.secret() })
        return stores.keyedIDs
    }

    /// The content of both stores. They must be at rest.
    func finalState() async throws -> FinalState {
        var state = FinalState(rows: [:], events: [:], ids: try await keyedIDs())
        for row in try await sql("SELECT id, event_id, quantity, customer, status FROM orders") {
            guard let id = OrderID(row[0] ?? ""), let order = OrderState(rawValue: row[4] ?? "") else {
                throw GaveUp(description: "a row of another form: \(row)")
            }
            state.rows[id] = FinalState.Row(
                event: row[1] ?? "", quantity: Int(row[2] ?? "") ?? 0, customer: row[3], state: order)
        }
        for row in try await sql("SELECT id, capacity, held, sold FROM events") {
            let numbers = row.dropFirst().map { Int($0 ?? "") ?? -1 }
            let id = EventID(row[0] ?? "") ?? .demo
            let key = Keyspace(partition: 0).event(id)
            let values = try await redis("HMGET", key, "stock", "pending", "held", "sold").array ?? []
            let counts = values.map { Int($0.integer ?? -1) }
            state.events[row[0] ?? ""] = FinalState.Event(
                capacity: numbers[0], ledgerHeld: numbers[1], ledgerSold: numbers[2],
                redis: UnitCounts(available: counts[0], pending: counts[1], held: counts[2], sold: counts[3]),
                customers: try await customers(of: id))
        }
        for letter in try await redis("HVALS", Keyspace(partition: 0).deadLetters).array ?? [] {
            guard case .bulkString(let text) = letter, let order = DeadLetter(id: "", text)?.order else { continue }
            state.deadLettered.append(order.id)
        }
        return state
    }

    /// The number of units of each customer of an event in Redis.
    func customers(of event: EventID) async throws -> [String: Int] {
        let counts = try await redis("HGETALL", Keyspace(partition: 0).customers(event)).fields()
        return counts.mapValues { Int($0) ?? -1 }
    }

    /// The keys of Redis except the records of orders, for the report of a failure.
    private func keysOfRedis() async -> String {
        let keys = Keyspace(partition: 0)
        var lines: [String] = []
        for key in [keys.leases, keys.orderedBatches, keys.eventsWithHolds, keys.holds(EventID(Self.scarce) ?? .demo)] {
            let members = (try? await redis("ZRANGE", key, "0", "-1", "WITHSCORES"))?.array?.map { $0.string ?? "" }
            lines.append("\(key) \(members ?? [])")
        }
        for key in [keys.pendingReleases, keys.epoch, keys.leasesBegun] {
            lines.append("\(key) \((try? await redis("GET", key))?.string ?? "-")")
        }
        for key in [keys.event(EventID(Self.scarce) ?? .demo), keys.event(EventID(Self.plain) ?? .demo), keys.attempts]
        {
            lines.append("\(key) \((try? await redis("HGETALL", key))?.array?.map { $0.string ?? "" } ?? [])")
        }
        lines.append(
            "queue \((try? await redis("LRANGE", keys.queue, "0", "5"))?.array?.map { $0.string ?? "" } ?? [])")
        return lines.joined(separator: "\n")
    }
}
