import RedisClient
import Timing

/// What a partition says of itself at one moment: whether it may be used, and how far its recovery is.
package struct PartitionState: Hashable {
    /// Phases of a recovery while the partition is sealed.
    package enum Phase: String, Hashable {
        /// Nothing was lost; a new epoch begins.
        case resume
        /// What Redis still has goes to the ledger.
        case drain
        /// Everything else is deleted.
        case wipe
    }

    /// A recovery that has sealed the partition and has not opened it.
    package struct Seal: Hashable {
        package var phase: Phase
        /// The epoch that it began from.
        package var from: String
        /// How long its holder may still be at work.
        var leaseLeft: Duration
    }

    /// The filling of events from the ledger.
    package struct Backfill: Hashable {
        /// The epoch that began with the last rebuild; nil if no rebuild of this release has been done.
        package var epoch: String?
        package var isComplete = false
        var leaseLeft = Duration.zero
        /// Units of events that are filled in, and of all that have to be, as far as is known.
        package var done = 0
        package var total = 0
        /// Since the partition was opened.
        package var age = Duration.zero
        /// Events that somebody asked for before they were filled in.
        package var wanted = 0

        /// Whether somebody has to fill events in.
        package var isDue: Bool { epoch != nil && !isComplete || wanted > 0 }
    }

    /// The text of the epoch key; nil if there is none.
    package var epoch: String?
    /// How many leases have begun.
    package var leased = 0
    /// Nil where the partition is not sealed.
    package var seal: Seal?
    package var backfill = Backfill()

    /// - Parameter reply: of inspect.lua.
    package init(_ reply: RESPValue) throws(RedisError) {
        guard let values = reply.array, values.count == 12 else {
            throw RedisError(.protocolViolation, "the inspect script answered in another form", mayHaveRun: false)
        }
        func text(_ index: Int) -> String? { values[index].string.flatMap { $0.isEmpty ? nil : $0 } }
        func number(_ index: Int) -> Int { values[index].integer.map { Int($0) } ?? 0 }
        epoch = text(0)
        leased = number(1)
        if let epoch, epoch.hasPrefix("sealed:"), let phase = text(2).flatMap(Phase.init(rawValue:)) {
            seal = Seal(phase: phase, from: text(3) ?? "", leaseLeft: .milliseconds(number(4)))
        }
        backfill = Backfill(
            epoch: text(5), isComplete: number(6) == 1, leaseLeft: .milliseconds(number(7)), done: number(8),
            total: number(9), age: .milliseconds(number(10)), wanted: number(11))
    }
}
