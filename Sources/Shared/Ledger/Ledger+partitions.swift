package import Domain
import PostgresClient

/// The epoch of a partition in the ledger.
package struct PartitionEpoch: Hashable, Sendable {
    package var epoch: Int
    /// The server's run id.
    package var server: String
    /// The id of the history of the server's data; empty if an earlier release began the epoch.
    package var replication: String

    package init(epoch: Int, server: String, replication: String) {
        self.epoch = epoch
        self.server = server
        self.replication = replication
    }
}

/// What became of the attempt to begin an epoch.
package enum EpochBeginning: Hashable, Sendable {
    /// - Parameter seen: the highest number of a lease that the ledger has seen.
    case begun(seen: Int)
    /// Another recovery began it first.
    case overtaken
    /// The ledger has seen leases that Redis has not begun.
    case ledgerIsAhead
}

/// Which Redis the ledger relies on, and which of its leases have reached the ledger.
extension Ledger {
    /// The partition's epoch and server; nil if it has never had one.
    package func partition(_ number: Int) async throws -> PartitionEpoch? {
        try await pool.query(Statements.partitionFind, number).first
    }

    /// Begins an epoch of a partition, after the settlements that are under way. Those that begin later under a lease of an
    /// earlier epoch are noted as late: see ``lateEvents(inPartition:)``.
    ///
    /// - Parameter limit: the highest lease number that Redis has; nil for any. If the ledger has seen a higher one, nothing
    ///   is changed.
    package func begin(
        _ epoch: PartitionEpoch, of partition: Int, unlessSeenAbove limit: Int? = nil
    ) async throws -> EpochBeginning {
        do {
            return try await pool.withTransaction { connection in
                guard try await connection.execute(Statements.partitionBegin, (partition: partition, epoch: epoch)) == 1
                else { return .overtaken }
                try await connection.execute(
                    Statements.leasesBeginEpoch, (partition: partition, epoch: epoch.epoch))
                // A statement of its own sees what the one before has waited for.
                let seen = try await connection.query(Statements.leasesSeen, partition).first.flatMap(\.self) ?? 0
                if let limit, seen > limit { throw LedgerIsAhead() }
                return .begun(seen: seen)
            }
        } catch is LedgerIsAhead {
            return .ledgerIsAhead
        }
    }

    private struct LedgerIsAhead: Error {}

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
