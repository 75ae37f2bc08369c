import Domain
import RedisClient
import RedisSchema
import Testing

@Suite struct KeyspaceTests {
    @Test func everyKeyHasItsPartitionAsHashTag() throws {
        let keys = Keyspace(partition: 7)
        let event = try #require(EventID("a.b"))
        let id = OrderID(milliseconds: 1, partition: 7, random: 0)
        let all = [
            keys.queue, keys.leases, keys.attempts, keys.deadLetters, keys.settled(withKey: false), keys.batch("t"),
            keys.event(event),
            keys.order(id), keys.eventsWithHolds, keys.finished, keys.customers(event), keys.holds(event),
            keys.backfill(event),
            keys.backfill, keys.recovery, keys.published, keys.requestedBackfills,
            keys.settled(withKey: true), keys.displacedOrder(id), keys.lastSequence, keys.confirmed(withKey: false),
            keys.confirmed(withKey: true), keys.orderedBatches,
            keys.waiting(event), keys.waiters(event), keys.offersDue,
        ]
        for key in all { #expect(key.hasPrefix("tb:{7}:")) }
        #expect(Set(all).count == all.count)
    }

    /// A change of the hash would assign events to partitions that do not have their stock. The expected values are
    /// those of FNV-1a with 64 bits.
    @Test func thePartitionOfAnEventIsItsFNV1aHash() throws {
        let partitioning = Partitioning(count: 1000)
        #expect(
            partitioning.home(of: try #require(EventID("a"))).partition == Int(0xaf63_dc4c_8601_ec8c as UInt64 % 1000))
        #expect(
            partitioning.home(of: try #require(EventID("foobar"))).partition
                == Int(0x8594_4171_f739_67e8 as UInt64 % 1000))
    }

    @Test func ordersBelongToThePartitionOfTheirEvent() throws {
        let partitioning = Partitioning(count: 16)
        for number in 0..<100 {
            let home = partitioning.home(of: try #require(EventID("event-\(number)")))
            #expect(partitioning.home(of: OrderID(at: .now, partition: home.partition)) == home)
        }
        #expect(partitioning.home(of: OrderID(milliseconds: 0, partition: 16, random: 0)) == nil)
    }

    @Test func eventsAreDistributedOverAllPartitions() throws {
        let partitioning = Partitioning(count: 8)
        let used = Set(try (0..<200).map { partitioning.home(of: try #require(EventID("event-\($0)"))).partition })
        #expect(used.count == 8)
    }

    @Test func oneServerHasTheKeysOfEarlierReleases() {
        #expect(Partitioning(count: 3).all.map(\.queue) == ["tb:{0}:queue", "tb:{1}:queue", "tb:{2}:queue"])
        #expect(Partitioning(count: 1, inCluster: true).all.map(\.queue) == ["tb:{0}:queue"])
    }

    /// Nodes with equal ranges of slots have equally many partitions, give or take one.
    @Test(arguments: [2, 8, 12, 16, 64, 100]) func partitionsFallEvenlyOnTheNodesOfACluster(count: Int) {
        let slots = Partitioning(count: count, inCluster: true).all.map(\.slot.number)
        #expect(Set(slots).count == count)
        for nodes in [2, 3, 4, 6] where count >= 2 * nodes {
            let counts = Dictionary(grouping: slots) { $0 * nodes / HashSlot.count }.values.map(\.count)
            #expect(counts.count == nodes, "each of \(nodes) nodes has some")
            #expect(counts.allSatisfy { $0 >= count / nodes - 1 }, "\(counts)")
            #expect(counts.allSatisfy { $0 <= (count + nodes - 1) / nodes + 1 }, "\(counts)")
        }
    }

    @Test func allKeysOfAPartitionAreInItsSlot() {
        for keys in Partitioning(count: 8, inCluster: true).all {
            let names = [keys.queue, keys.epoch, keys.guardKey, keys.batch("t"), keys.event(.demo), keys.holds(.demo)]
            #expect(names.allSatisfy { HashSlot(ofKey: $0) == keys.slot })
        }
    }
}
