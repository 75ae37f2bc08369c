import TestSupport
import Testing
import WorkerTestSupport

@testable import Domain
@testable import RedisSchema
@testable import Timing

/// Queue entries of programs of different releases.
@Suite(.timeLimit(.minutes(10))) struct UpgradeTests {
    /// Rewrites an entry as the first release wrote it.
    private func firstForm(_ entry: String) throws -> String {
        let order = try OrderCodec.decode(entry: Array(entry.utf8))
        return
            "1|\(order.id)|\(order.event)|\(order.generation)|\(order.quantity)|\(order.claimedAt.milliseconds)|\(order.customer ?? "")"
    }

    /// Rewrites an entry or a record as releases without sequence numbers wrote it.
    private func secondForm(_ text: String) throws -> String {
        var order = try OrderCodec.decode(entry: Array(text.utf8))
        order.sequence = nil
        return OrderCodec.encode(order)
    }

    private func queued(_ test: TestStores) async throws -> [String] {
        try await test.redis("LRANGE", test.keys.queue, "0", "-1").array?.compactMap(\.string) ?? []
    }

    @Test func entriesOfAnEarlierReleaseAreSettled() async throws {
        try await withTestStores { test in
            try await test.catalogue.ensure(.demo, EventTerms(name: "Demo", capacity: 1000))
            #expect(try await test.claimAtOnce(200).accepted.count == 200)
            for (index, entry) in try await queued(test).enumerated() where index % 2 == 0 {
                _ = try await test.redis("LSET", test.keys.queue, String(index), try firstForm(entry))
            }
            #expect(try await queued(test).filter { $0.hasPrefix("1|") }.count == 100)
            try await test.withWorkers(2, batchSize: 30) { try await test.waitUntilDrained() }
            #expect(try await test.sql("SELECT count(*) FROM orders WHERE status = 'confirmed'") == "200")
            #expect(try await test.queue().deadLetters(limit: 10).isEmpty)
            #expect(try await test.counters() == Counters(available: 800, sold: 200))
        }
    }

    /// Orders of a release without sequence numbers lie between orders of this release. Those with a number are confirmed
    /// by ranges, the others by their records.
    @Test func ordersWithoutSequenceNumbersAreSettled() async throws {
        try await withTestStores { test in
            try await test.catalogue.ensure(.demo, EventTerms(name: "Demo", capacity: 1000))
            let ids = try await test.claimAtOnce(60).accepted.map(\.id)
            for (index, entry) in try await queued(test).enumerated() where index % 3 == 0 {
                let earlier = try secondForm(entry)
                #expect(earlier.hasPrefix("2|pending|1|0|"))
                _ = try await test.redis("LSET", test.keys.queue, String(index), earlier)
                let id = try OrderCodec.decode(entry: Array(entry.utf8)).id
                _ = try await test.redis("SET", test.keys.order(id), earlier)
            }
            try await test.withWorkers(2, batchSize: 25) { try await test.waitUntilDrained() }
            for id in ids {
                #expect(try await test.inventory.order(id)?.state == .confirmed)
                #expect(try await test.inventory.order(id)?.isPersisted == true)
            }
            #expect(try await test.counters() == Counters(available: 940, sold: 60))
            #expect(try await test.isAtRest())
        }
    }

    /// A settled batch of an earlier release names no ranges.
    @Test func recordsOfAnEarlierReleaseAreDeleted() async throws {
        try await withTestStores { test in
            try await test.catalogue.ensure(.demo, EventTerms(name: "Demo", capacity: 1000))
            let id = try await test.acceptance(of: test.purchase()).order
            let entry = try #require(try await queued(test).first)
            var order = try OrderCodec.decode(entry: Array(entry.utf8))
            (order.state, order.ledgerVersion, order.sequence) = (.confirmed, 1, nil)
            _ = try await test.redis("SET", test.keys.order(id), OrderCodec.encode(order))
            _ = try await test.redis("RPUSH", test.keys.settled(withKey: false), "1|\(id)")
            #expect(try await test.queue().deleteOldestRecords())
            #expect(try await test.redis("EXISTS", test.keys.order(id)).integer == 0)
        }
    }

    /// A worker of an earlier release dead-letters an entry that it cannot read and keeps its units claimed. An
    /// upgraded worker settles the entry.
    @Test func entriesOfALaterReleaseAreDeadLetteredUntilTheUpgrade() async throws {
        try await withTestStores { test in
            try await test.catalogue.ensure(.demo, EventTerms(name: "Demo", capacity: 1000))
            #expect(try await test.claimAtOnce(50).accepted.count == 50)
            let entry = try #require(try await queued(test).dropFirst(20).first)
            let order = try OrderCodec.decode(entry: Array(entry.utf8))
            let later = "4" + entry.dropFirst(1) + "|something new"
            _ = try await test.redis("LSET", test.keys.queue, "20", later)
            try await test.withWorkers { try await test.waitUntilDrained() }
            #expect(try await test.sql("SELECT count(*) FROM orders") == "49")
            #expect(try await test.counters() == Counters(available: 950, pending: 1, sold: 49))
            let letter = try #require(try await test.queue().deadLetters(limit: 10).first)
            #expect(letter.entry == Array(later.utf8))
            #expect(letter.reason.contains("not known to this release"))
            // The upgraded worker knows the form; the test replaces the entry with the present form.
            #expect(try await test.queue().requeue(letter.id) == .done)
            #expect(try await queued(test) == [later])
            _ = try await test.redis("LSET", test.keys.queue, "0", entry)
            try await test.withWorkers { try await test.waitUntilDrained() }
            #expect(try await test.sql("SELECT status FROM orders WHERE id = '\(order.id)'") == "confirmed")
            #expect(try await test.counters() == Counters(available: 950, sold: 50))
        }
    }
}
