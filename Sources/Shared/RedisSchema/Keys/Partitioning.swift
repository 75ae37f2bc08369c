package import Domain
import RedisClient

/// Maps events and orders to their partitions.
package struct Partitioning: Hashable, Sendable {
    package let all: [Keyspace]

    package var count: Int { all.count }

    /// - Parameter inCluster: whether the keys are in a Redis Cluster. There, the hash tags of several partitions are
    ///   chosen so that their slots are far from each other: see ``spreadTag(of:)``.
    package init(count: Int, inCluster: Bool = false) {
        precondition((1...OrderID.partitionLimit).contains(count))
        let isSpread = inCluster && count > 1
        all = (0..<count).map {
            isSpread ? Keyspace(partition: $0, tag: Self.spreadTag(of: $0)) : Keyspace(partition: $0)
        }
    }

    /// The hash tag of a partition in a cluster: the first of `3.0`, `3.1`, … for partition 3 whose slot is one of the 16
    /// that begin at 16 times the partition's number with its ten bits reversed.
    ///
    /// The slots of the plain numbers fall unevenly on the nodes: of eight partitions on three nodes, 2, 2 and 4, and of
    /// six, two nodes get none. With reversed bits, each next partition is in the largest gap between the ones before.
    static func spreadTag(of partition: Int) -> String {
        let start = 16 * Self.reversed(partition)
        let slots = (start..<(start + 16))
        var suffix = 0
        while true {
            let tag = "\(partition).\(suffix)"
            if slots.contains(HashSlot(ofKey: tag).number) { return tag }
            suffix += 1
        }
    }

    /// The ten bits of a number from 0 to 1023 in reverse order.
    private static func reversed(_ number: Int) -> Int {
        (0..<10).reduce(0) { $0 | (number >> $1 & 1) << (9 - $1) }
    }

    /// The partition of an order; nil if its id names a partition that does not exist.
    package func home(of order: OrderID) -> Keyspace? {
        order.partition < count ? all[order.partition] : nil
    }

    /// The partition of an event: the FNV-1a hash of its id, modulo the number of partitions.
    package func home(of event: EventID) -> Keyspace {
        guard count > 1 else { return all[0] }
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in event.description.utf8 {
            hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01b3
        }
        return all[Int(hash % UInt64(count))]
    }
}
