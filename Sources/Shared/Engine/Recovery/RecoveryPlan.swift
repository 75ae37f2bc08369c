import Ledger
import RedisSchema

/// What has to be done about a partition before it may be used. A decision only, no I/O.
package enum RecoveryPlan: Hashable {
    /// It may be used as it is.
    case stands
    /// The server is another process than before, but has all that the ledger has seen: what organisers said is told it
    /// again, and a new epoch begins.
    case resume
    /// It has lost something, or all: what it still has goes to the ledger, and it is filled from there.
    case rebuild

    /// What a recovery that follows the plan seals the partition for; nil if none is needed.
    var seal: SealScript.Plan? {
        switch self {
        case .stands: nil
        case .resume: .resume
        case .rebuild: .rebuild
        }
    }

    /// What a Redis says of a partition.
    package struct Found: Hashable {
        var server: String
        /// The text of its epoch key; nil if it has none.
        var epoch: String?
        /// How many leases have begun.
        var leased: Int
        /// The epoch from which a resumption began that was interrupted.
        var resumedFrom: String?
    }

    /// - Parameters:
    ///   - known: nil if the ledger has never heard of the partition.
    ///   - seen: the highest number of a lease whose orders the ledger has, read before `found` was.
    package init(known: PartitionEpoch?, seen: Int, found: Found) {
        // A Redis that has begun fewer leases than the ledger has seen is older than the ledger: it would sell again what
        // was sold under those it has forgotten.
        guard let known, found.leased >= seen else {
            self = .rebuild
            return
        }
        let isKnownServer = found.server == known.server
        if found.epoch == String(known.epoch) {
            self = isKnownServer ? .stands : .resume
        } else if let from = found.resumedFrom,
            from == String(known.epoch) || isKnownServer && from == String(known.epoch - 1)
        {
            // Interrupted before or after the ledger began the new epoch. Nothing has been changed since but the seal.
            self = .resume
        } else {
            self = .rebuild
        }
    }
}
