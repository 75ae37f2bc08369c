import Domain
import Engine
import Logging
import RedisClient
import RedisSchema
import Timing

/// Writes what this process counts to the hashes of ``IntervalFigures``, at the end of each interval, and only if there is
/// something. What Redis does not take is kept and written later.
actor FigureWriter {
    /// Intervals that are kept, which is a little more than clients are shown.
    private static let kept = 130

    private let store: FigureStore
    private let takeTally: @Sendable () async -> PurchaseTally
    private let logger: Logger
    /// Identifies the process among those that write.
    private let process = String(UInt32.random(in: 0...UInt32.max), radix: 16)
    /// What this process has counted, by the number of the interval.
    private var figures: [Int64: IntervalFigures] = [:]
    private var unwritten: Set<Int64> = []
    /// What was counted while the time of Redis was not known, with this machine's time.
    private var undated: [(end: Timestamp, figures: IntervalFigures)] = []
    /// The queue when it was last read; nil if it has never been.
    private var queue: QueueStatus?

    /// - Parameter takeTally: the purchases since its last call.
    init(_ store: FigureStore, logger: Logger, takeTally: @escaping @Sendable () async -> PurchaseTally) {
        self.store = store
        self.logger = logger
        self.takeTally = takeTally
    }

    /// Milliseconds until the present interval ends.
    var rest: Int64 {
        let now = store.clock.now?.milliseconds ?? Timestamp.now.milliseconds
        return IntervalFigures.length - now % IntervalFigures.length
    }

    /// Takes what has been counted, and writes it.
    func intervalHasEnded() async {
        let end = Timestamp.now
        var new = IntervalFigures(await takeTally())
        // An idle service reads and writes nothing.
        if new.hasPurchases || queue?.isEmpty != true {
            do throws(RedisError) {
                let status = try await store.queue()
                new.depth = status.depth
                new.oldestAge = status.oldestAge.map { Int($0.milliseconds) }
                queue = status
            } catch {
                queue = nil
            }
        }
        if !new.isQuiet { undated.append((end, new)) }
        await write()
    }

    private func write() async {
        guard !undated.isEmpty || !unwritten.isEmpty else { return }
        do throws(RedisError) {
            if store.clock.now == nil { try await store.readClock() }
            date()
            let intervals = unwritten
            try await store.write(
                intervals.map { (number: $0, figures: figures[$0] ?? IntervalFigures()) }, of: process)
            unwritten.subtract(intervals)
        } catch {
            logger.debug("figures could not be written", metadata: ["reason": "\(error)"])
        }
        forget()
    }

    /// Gives figures to the interval in whose middle they were counted, by the clock of Redis.
    private func date() {
        for (end, new) in undated {
            guard let time = store.clock.time(of: end) else { return }
            let number = (time.milliseconds - IntervalFigures.length / 2) / IntervalFigures.length
            figures[number, default: IntervalFigures()].add(new)
            unwritten.insert(number)
        }
        undated = []
    }

    private func forget() {
        if undated.count > Self.kept { undated.removeFirst(undated.count - Self.kept) }
        guard let newest = figures.keys.max() else { return }
        for number in figures.keys where number <= newest - Int64(Self.kept) {
            figures[number] = nil
            unwritten.remove(number)
        }
    }
}

extension QueueStatus {
    /// Whether no entry is on its way to the ledger.
    var isEmpty: Bool { depth == 0 && inFlight == 0 }
}

extension IntervalFigures {
    init(_ tally: PurchaseTally) {
        self.init()
        accepted = tally.accepted
        replayed = tally.replayed
        failed = tally.failed
        for (code, count) in tally.refused { refused[code.rawValue] = count }
    }
}
