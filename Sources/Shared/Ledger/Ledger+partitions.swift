package import Domain
import PostgresClient

/// The epoch of a partition in the ledger.
package struct PartitionEpoch: Hashable, Sendable {
    package var epoch: Int
    /// The server's run id.
    package var server: String

    package init(epoch: Int, server: String) {
        self.epoch = epoch
        self.server = server
    }
}

/// Which Redis the ledger relies on, and which of its leases have reached the ledger.
extension Ledger {
    /// The partition's epoch and server; nil if it has never had one.
    package func partition(_ number: Int) async throws -> PartitionEpoch? {
        try await pool.query(Statements.partitionFind, number).first
    }

    /// Begins an epoch of a partition. False if it does not follow the present one: another recovery began it first.
    package func begin(epoch: Int, of partition: Int, on server: String) async throws -> Bool {
        let epoch = PartitionEpoch(epoch: epoch, server: server)
        return try await pool.execute(Statements.partitionBegin, (partition: partition, epoch: epoch)) == 1
    }

    /// The highest number of a lease under which orders of the partition have reached the ledger; 0 if there is none.
    ///
    /// - Parameter contains: whether an event belongs to the partition. Used once, for ledgers of releases before
    ///   version 4 of the schema, which noted the number with each event.
    package func leasesSeen(
        inPartition partition: Int, containing contains: (EventID) -> Bool
    ) async throws -> Int {
        if let seen = try await pool.query(Statements.leasesSeen, partition).first ?? nil { return seen }
        let earlier = try await pool.query(Statements.leasesSeenEarlier, ())
        let highest = earlier.filter { contains($0.event) }.map(\.leased).max() ?? 0
        try await pool.execute(Statements.leasesSeenNote, (partition: partition, leased: highest))
        return highest
    }
}
