import Domain
import Ledger
import Logging
import NIOConcurrencyHelpers
import RedisClient
import RedisSchema
import Timing

/// One process's work at a filling: which events, in which order, and how far it is.
///
/// Two lanes work side by side: one takes small events, many at a time, and whatever somebody has asked for; the other
/// takes large events one by one. So no event waits for a larger one.
final class BackfillWork: Sendable {
    /// Events that are listed at a time.
    private static let listLimit = 10_000
    /// Tickets up to which an event is small, and of small events that are filled in together.
    private static let smallLimit = 2_000
    private static let batchUnits = 10_000
    private static let batchLimit = 200
    private static let reportInterval = Duration.seconds(3)

    private struct State {
        var progress = RecoveryProgress(.backfilling)
        /// Events that a lane is filling in.
        var inFlight: Set<EventID> = []
        var largeAreDone = true
    }

    let filler: Backfiller
    let token: String
    private let state = NIOLockedValueBox(State())
    private let began = ContinuousClock.now

    init(_ filler: Backfiller, _ token: String) {
        self.filler = filler
        self.token = token
    }

    // MARK: Progress

    var progress: RecoveryProgress { state.withLockedValue { $0.progress } }

    func add(_ units: Int) { state.withLockedValue { $0.progress.done += units } }

    /// Says every few seconds how far it is, until it is cancelled.
    func report() async throws {
        while true {
            try await Task.sleep(for: Self.reportInterval)
            var progress = progress
            progress.elapsed = ContinuousClock.now - began
            filler.logger?.notice(
                "filling Redis from the ledger",
                metadata: [
                    "partition": "\(filler.keys.partition)", "tickets": "\(progress.done) of \(progress.total)",
                    "seconds_left": "\(progress.remainingSeconds)",
                ])
        }
    }

    func finish() {
        let seconds = (ContinuousClock.now - began) / .seconds(1)
        filler.fence.note(RecoveryProgress(.complete), of: filler.keys)
        filler.logger?.notice(
            "Redis is filled",
            metadata: [
                "partition": "\(filler.keys.partition)", "tickets": "\(progress.done)",
                "seconds": "\((seconds * 10).rounded() / 10)",
            ])
    }

    // MARK: Passes

    /// Goes through the events until a whole pass finds nothing that is missing.
    func passUntilComplete() async throws {
        // An event that cannot be published, since somebody changed the ledger by hand, must not keep both stores busy.
        var passes = 0
        while try await pass() > 0 {
            passes += 1
            try await Task.sleep(for: Backoff().delay(failures: passes))
        }
        try await serveWanted()
    }

    /// How many events were missing.
    private func pass() async throws -> Int {
        state.withLockedValue {
            $0.progress.done = 0; $0.progress.total = 0
        }
        var last: Ledger.BackfillEvent?
        var found = 0
        repeat {
            let page = try await filler.ledger.eventsToBackfill(after: last, limit: Self.listLimit)
            let mine = page.filter { filler.publisher.partitioning.home(of: $0.id) == filler.keys }
            let missing = try await self.missing(mine)
            found += missing.count
            let (all, left) = (mine.reduce(0) { $0 + $1.units }, missing.reduce(0) { $0 + $1.units })
            state.withLockedValue {
                $0.progress.total += all
                $0.progress.done += all - left
            }
            if !missing.isEmpty { try await backfillInLanes(missing) }
            last = page.count == Self.listLimit ? page.last : nil
        } while last != nil
        return found
    }

    /// Those that have not been published since the rebuild.
    private func missing(_ events: [Ledger.BackfillEvent]) async throws -> [Ledger.BackfillEvent] {
        var missing: [Ledger.BackfillEvent] = []
        for start in stride(from: 0, to: events.count, by: 1000) {
            let part = events[start..<min(start + 1000, events.count)]
            var command = RedisCommand("SMISMEMBER", filler.keys.published)
            for event in part { command.append(event.id.description) }
            let answers = try await filler.connection.send(command).array ?? []
            missing += zip(part, answers).filter { $0.1.integer == 0 }.map(\.0)
        }
        return missing
    }

    private func backfillInLanes(_ events: [Ledger.BackfillEvent]) async throws {
        let small = events.filter { $0.units <= Self.smallLimit }
        let large = events.filter { $0.units > Self.smallLimit }
        state.withLockedValue { $0.largeAreDone = large.isEmpty }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                for event in large { try await self.backfill([event.id]) }
                self.state.withLockedValue { $0.largeAreDone = true }
            }
            group.addTask {
                for batch in Self.batches(of: small) {
                    try await self.serveWanted()
                    try await self.backfill(batch)
                }
                while !self.state.withLockedValue({ $0.largeAreDone }) {
                    try await self.serveWanted()
                    try await Task.sleep(for: .milliseconds(50))
                }
            }
            try await group.waitForAll()
        }
    }

    static func batches(of events: [Ledger.BackfillEvent]) -> [[EventID]] {
        var batches: [[EventID]] = []
        var units = 0
        for event in events {
            if batches.isEmpty || units + event.units > batchUnits || batches.last?.count == batchLimit {
                batches.append([])
                units = 0
            }
            batches[batches.count - 1].append(event.id)
            units += event.units
        }
        return batches
    }

    /// Fills in what somebody has asked for.
    private func serveWanted() async throws {
        let names =
            try await filler.connection.send(
                RedisCommand("SRANDMEMBER", filler.keys.requestedBackfills, String(Self.batchLimit))
            ).array?.compactMap(\.string) ?? []
        for name in names {
            if let id = EventID(name) { try await backfill([id]) }
            // Publishing takes it out; where there was nothing to publish, this does.
            _ = try await filler.connection.send(RedisCommand("SREM", filler.keys.requestedBackfills, name))
        }
    }

    /// Fills events in and publishes them, unless the other lane is at it.
    func backfill(_ ids: [EventID]) async throws {
        let mine = state.withLockedValue { state in
            let mine = ids.filter { !state.inFlight.contains($0) }
            state.inFlight.formUnion(mine)
            return mine
        }
        defer { state.withLockedValue { $0.inFlight.subtract(mine) } }
        if !mine.isEmpty { try await EventBackfill(self).backfill(mine) }
    }
}
