package import Ledger
import RedisSchema

/// The recovery that a partition needs before it can be used. No I/O.
package enum RecoveryPlan: Hashable {
    /// None: Redis has all that the ledger has seen.
    case upToDate
    /// The server is another process than before, or its data have another history, but it has all that the ledger has seen. Unpublished changes of events
    /// are published, and a new epoch begins.
    case resume
    /// Redis has lost some or all data. Its remaining orders are settled in the ledger, and it is backfilled from
    /// there.
    case rebuild

    /// The plan for which the recovery seals the partition; nil if no recovery is needed.
    var seal: SealScript.Plan? {
        switch self {
        case .upToDate: nil
        case .resume: .resume
        case .rebuild: .rebuild
        }
    }

    /// A partition's state in Redis.
    package struct Found: Hashable {
        var server: String
        /// The id of the history of its data.
        var replication: String
        /// The text of its epoch key; nil if it has none.
        var epoch: String?
        /// The number of leases that have begun.
        var leasesBegun: Int
        /// The epoch from which an interrupted resumption began; nil if there is none.
        var resumedFrom: String?
    }

    /// - Parameters:
    ///   - known: the epoch in the ledger; nil if the ledger does not know the partition.
    ///   - seen: the highest number of a lease whose orders the ledger has. It must be read before `found`.
    package init(known: PartitionEpoch?, seen: Int, found: Found) {
        // A Redis that has begun fewer leases than the ledger has seen is older than the ledger: it would sell the
        // units of the missing leases again.
        guard let known, found.leasesBegun >= seen else {
            self = .rebuild
            return
        }
        let isKnownServer = found.server == known.server && found.replication == known.replication
        if found.epoch == String(known.epoch) {
            self = isKnownServer ? .upToDate : .resume
        } else if let from = found.resumedFrom,
            from == String(known.epoch) || isKnownServer && from == String(known.epoch - 1)
        {
            // Interrupted before or after the ledger began the new epoch. Only the seal has been changed since.
            self = .resume
        } else {
            self = .rebuild
        }
    }
}
