package import RedisClient
import Timing

/// The state of a partition in Redis at one moment: whether it can be used, and the progress of its recovery.
package struct PartitionState: Hashable {
    /// Phases of a recovery while the partition is sealed.
    package enum Phase: String, Hashable {
        /// Nothing was lost; a new epoch begins.
        case resume
        /// The remaining orders are settled in the ledger.
        case drain
        /// The remaining data is deleted.
        case wipe
    }

    /// A recovery that has sealed the partition and has not opened it.
    package struct Seal: Hashable {
        package var phase: Phase
        /// The epoch from which it began.
        package var from: String
        /// The time until the lease of its holder expires.
        var leaseLeft: Duration
    }

    /// The backfill of events from the ledger.
    package struct Backfill: Hashable {
        /// The epoch that began with the last rebuild; nil if no rebuild of this release has been done.
        package var epoch: String?
        package var isComplete = false
        var leaseLeft = Duration.zero
        /// Units of the events that are backfilled, and of all events that have to be, as far as is known.
        package var done = 0
        package var total = 0
        /// The time since the partition was opened.
        package var age = Duration.zero
        /// The number of events that were requested before their backfill.
        package var requestedBackfills = 0

        /// Whether events have to be backfilled.
        package var isDue: Bool { epoch != nil && !isComplete || requestedBackfills > 0 }
    }

    /// The text of the epoch key; nil if there is none.
    package var epoch: String?
    /// The number of leases that have begun.
    package var leasesBegun = 0
    /// Nil if the partition is not sealed.
    package var seal: Seal?
    package var backfill = Backfill()

    /// - Parameter reply: the reply of inspect.lua.
    package init(_ reply: RESPValue) throws(RedisError) {
        guard let values = reply.array, values.count == 12 else {
            throw RedisError(.protocolViolation, "the script inspect replied in an unknown form", mayHaveRun: false)
        }
        func text(_ index: Int) -> String? { values[index].string.flatMap { $0.isEmpty ? nil : $0 } }
        func number(_ index: Int) -> Int { values[index].integer.map { Int($0) } ?? 0 }
        epoch = text(0)
        leasesBegun = number(1)
        if let epoch, epoch.hasPrefix("sealed:"), let phase = text(2).flatMap(Phase.init(rawValue:)) {
            seal = Seal(phase: phase, from: text(3) ?? "", leaseLeft: .milliseconds(number(4)))
        }
        backfill = Backfill(
            epoch: text(5), isComplete: number(6) == 1, leaseLeft: .milliseconds(number(7)), done: number(8),
            total: number(9), age: .milliseconds(number(10)), requestedBackfills: number(11))
    }
}
