import Domain
import PostgresClient

/// What the ledger knows of a partition.
package struct PartitionEpoch: Hashable, Sendable {
    package var epoch: Int
    /// The server's run id.
    package var server: String

    package init(epoch: Int, server: String) {
        self.epoch = epoch
        self.server = server
    }
}

/// How far the ledger has followed Redis.
extension Ledger {
    private static let partitionFind = PostgresStatement(
        name: "partition_find", sql: "SELECT epoch, server FROM partitions WHERE partition = $1")
    private static let partitionSet = PostgresStatement(
        name: "partition_set",
        sql: """
            INSERT INTO partitions (partition, epoch, server) VALUES ($1, $2, $3)
            ON CONFLICT (partition) DO UPDATE SET epoch = $2, server = $3, recovered_at = now()
            WHERE partitions.epoch = $2::bigint - 1
            """)
    private static let leasesSeen = PostgresStatement(
        name: "leases_seen", sql: "SELECT max(leased) FROM leases_seen WHERE partition = $1")
    private static let earlierLeases = PostgresStatement(
        name: "earlier_leases", sql: "SELECT id, leased FROM events WHERE leased > 0")
    private static let leasesNote = PostgresStatement(
        name: "leases_note",
        sql: """
            INSERT INTO leases_seen (partition, slot, leased) VALUES ($1, -1, $2) ON CONFLICT (partition, slot) DO NOTHING
            """)

    /// The partition's epoch and its server, or nil if it never had one.
    package func partition(_ number: Int) async throws -> PartitionEpoch? {
        guard let row = try await pool.execute(Self.partitionFind, [String(number)]).rows.first else { return nil }
        return PartitionEpoch(epoch: try row.integer(0), server: try row.text(1))
    }

    /// Begins an epoch of a partition; false if it is not the one after the present one, since another recovery was faster.
    package func begin(epoch: Int, of partition: Int, on server: String) async throws -> Bool {
        try await pool.execute(Self.partitionSet, [String(partition), String(epoch), server]).affected == 1
    }

    /// The highest number of a lease under which orders of the partition have reached the ledger; 0 for none.
    ///
    /// - Parameter contains: Whether an event belongs to the partition. Read once, for ledgers of releases before the
    ///   schema's version 4, which noted the number with each event.
    package func leasesSeen(
        inPartition partition: Int, containing contains: (EventID) -> Bool
    ) async throws -> Int {
        let rows = try await pool.execute(Self.leasesSeen, [String(partition)]).rows
        if let seen = try rows.first?.integerIfPresent(0) { return seen }
        var highest = 0
        for row in try await pool.execute(Self.earlierLeases).rows {
            guard let event = EventID(try row.text(0)), contains(event) else { continue }
            highest = max(highest, try row.integer(1))
        }
        _ = try await pool.execute(Self.leasesNote, [String(partition), String(highest)])
        return highest
    }
}
