import TestSupport
import Testing

@testable import Domain
@testable import RedisClient

/// Compares the models with the servers.
@Suite(.timeLimit(.minutes(10))) struct ModelTests {
    private static let keys = ["a", "b", "c"]
    private static let words = ["x", "y", "z", "1", "2", "10", "-3"]

    private func command(_ generator: inout SeededGenerator) -> [String] {
        let key = Self.keys.randomElement(using: &generator) ?? ""
        func word() -> String { Self.words.randomElement(using: &generator) ?? "" }
        func number() -> String { String(Int.random(in: -4...6, using: &generator)) }
        let commands: [[String]] = [
            ["GET", key], ["SET", key, word()], ["MGET", "a", "b", "c"], ["MSET", key, word(), "b", word()],
            ["INCR", key], ["INCRBY", key, number()], ["DECR", key], ["DECRBY", key, number()], ["EXISTS", "a", key],
            ["DEL", key], ["UNLINK", "a", key], ["RENAME", key, "b"], ["LLEN", key],
            ["LRANGE", key, number(), number()],
            ["LINDEX", key, "1"], ["RPUSH", key, word(), word()], ["LPUSH", key, word()], ["LPOP", key],
            ["LTRIM", key, number(), number()], ["HGET", key, word()], ["HSET", key, word(), word()],
            ["HMGET", key, word(), word()], ["HDEL", key, word()], ["HINCRBY", key, "x", number()], ["HLEN", key],
            ["HEXISTS", key, word()], ["SADD", key, word(), word()], ["SREM", key, word()], ["SISMEMBER", key, word()],
            ["SCARD", key], ["ZADD", key, number(), word()], ["ZADD", key, "LT", number(), word()],
            ["ZREM", key, word()], ["ZREMRANGEBYSCORE", key, number(), number()],
            ["ZSCORE", key, word()], ["ZCARD", key], ["ZRANGE", key, number(), number()],
            ["ZRANGE", key, "0", "-1", "WITHSCORES"], ["ZRANGE", key, "-inf", number(), "BYSCORE", "LIMIT", "0", "2"],
            ["ZRANGE", key, "(" + number(), "+inf", "BYSCORE", "LIMIT", "0", "1", "WITHSCORES"],
        ]
        return commands.randomElement(using: &generator) ?? []
    }

    @Test func theMemoryStoreRepliesAsRedisDoes() async throws {
        try await withTestStores { test in
            try await test.redis("FLUSHDB")
            let connection = test.stores.redis.connections[0]
            var generator = SeededGenerator(seed: 42)
            var store = MemoryStore()
            for number in 0..<6000 {
                let words = command(&generator)
                var command = RedisCommand(words[0])
                for word in words.dropFirst() { command.append(word) }
                let expected: RESPValue
                do throws(RedisError) {
                    expected = try await connection.send(command)
                } catch {
                    expected = .error(String(error.message.prefix { $0 != " " }))
                }
                var reply = store.run(words)
                if case .error(let text) = reply { reply = .error(String(text.prefix { $0 != " " })) }
                // Scores are whole numbers, so that their text is the same.
                #expect(reply == expected, "\(number): \(words)")
                if reply != expected { break }
            }
        }
    }

    /// Snapshots of a few orders in random order and batches, some repeated, with more units than the capacity.
    @Test func theLedgerModelSettlesAsPostgresDoes() async throws {
        try await withTestStores { test in
            var generator = SeededGenerator(seed: 7)
            var leased = 0
            for round in 0..<25 {
                let id = try #require(EventID("e\(round)"))
                let terms = EventTerms(name: "e", capacity: 6, holdSeconds: 60)
                try await test.catalogue.ensure(id, terms)
                var model = LedgerModel(events: [id: LedgerModel.Event(terms: terms)])
                let orders = (0..<6).map { _ in
                    Order(
                        id: test.inventory.makeOrderID(for: id, at: .now), event: id,
                        quantity: Int.random(in: 1...3, using: &generator), state: .pending,
                        claimedAt: Timestamp(milliseconds: 1000))
                }
                for _ in 0..<8 {
                    let batch = (0..<Int.random(in: 1...5, using: &generator)).map { _ -> Order in
                        var order = orders.randomElement(using: &generator) ?? orders[0]
                        (order.version, order.state) =
                            [
                                (1, .pending), (1, .held), (1, .waiting), (2, .held), (2, .confirmed), (2, .expired),
                                (3, .cancelled),
                            ].randomElement(using: &generator) ?? (1, .pending)
                        return order
                    }
                    let lease = Int.random(in: 1...100, using: &generator)
                    let real = try await test.ledger.settle(batch, lease: lease).map(Self.comparable)
                    #expect(model.settle(batch, lease: lease).map(Self.comparable) == real, "round \(round): \(batch)")
                    let event = try #require(try await test.ledger.event(id))
                    #expect(event.held == model.events[id]?.held)
                    #expect(event.sold == model.events[id]?.sold)
                    leased = max(leased, model.events[id]?.leased ?? 0)
                    #expect(try await test.ledger.leasesSeen(inPartition: test.keys.partition) { _ in true } == leased)
                }
                for order in orders {
                    let row = try await test.ledger.order(order.id)
                    #expect(row?.state == model.rows[order.id]?.state)
                    #expect(row?.version == model.rows[order.id]?.version)
                }
            }
        }
    }

    /// The settlement without the time of the confirmation in PostgreSQL.
    private static func comparable(_ settlement: Settlement) -> Settlement {
        if case .recorded(let version, _) = settlement {
            .recorded(version: version, confirmedAt: nil)
        } else {
            settlement
        }
    }
}
