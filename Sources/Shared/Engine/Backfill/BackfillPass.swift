import Domain
import Ledger
import NIOConcurrencyHelpers
import RedisClient
import RedisSchema
import Timing

/// Passes over a partition's events, which backfill those that Redis lacks.
///
/// Two lanes run concurrently: one backfills small events, many at a time, and the requested events; the other
/// backfills large events one by one. So no event waits for a larger one.
struct BackfillPass: Sendable {
    /// Events of one page that the ledger lists.
    private static let listLimit = 10_000
    /// Maximum tickets of a small event, and of the small events that are backfilled together.
    private static let smallLimit = 2_000
    private static let batchUnits = 10_000
    private static let batchLimit = 200

    private let work: BackfillWork
    private var backfiller: Backfiller { work.backfiller }
    private var keys: Keyspace { backfiller.keys }

    init(_ work: BackfillWork) { self.work = work }

    /// Repeats the pass until one finds no missing event.
    func runUntilComplete() async throws {
        // An event that cannot be published, because the ledger was changed by hand, must not keep both stores busy.
        var passes = 0
        while try await run() > 0 {
            passes += 1
            try await Task.sleep(for: Backoff().delay(failures: passes))
        }
        try await backfillRequested()
    }

    /// One pass over all events. Returns the number of events that were missing.
    private func run() async throws -> Int {
        work.resetProgress()
        var last: Ledger.BackfillEvent?
        var found = 0
        repeat {
            let page = try await backfiller.ledger.eventsToBackfill(after: last, limit: Self.listLimit)
            let mine = page.filter { backfiller.publisher.partitioning.home(of: $0.id) == keys }
            let missing = try await self.missing(mine)
            found += missing.count
            let (all, left) = (mine.reduce(0) { $0 + $1.units }, missing.reduce(0) { $0 + $1.units })
            work.add(all - left, ofTotal: all)
            if !missing.isEmpty { try await backfillInLanes(missing) }
            last = page.count == Self.listLimit ? page.last : nil
        } while last != nil
        return found
    }

    /// The events that have not been published since the rebuild.
    private func missing(_ events: [Ledger.BackfillEvent]) async throws -> [Ledger.BackfillEvent] {
        var missing: [Ledger.BackfillEvent] = []
        for start in stride(from: 0, to: events.count, by: 1000) {
            let part = events[start..<min(start + 1000, events.count)]
            var command = RedisCommand("SMISMEMBER", keys.published)
            for event in part { command.append(event.id.description) }
            let replies = try await backfiller.connection.send(command).array ?? []
            missing += zip(part, replies).filter { $0.1.integer == 0 }.map(\.0)
        }
        return missing
    }

    private func backfillInLanes(_ events: [Ledger.BackfillEvent]) async throws {
        let small = events.filter { $0.units <= Self.smallLimit }
        let large = events.filter { $0.units > Self.smallLimit }
        let largeAreDone = NIOLockedValueBox(large.isEmpty)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                for event in large { try await work.backfill([event.id]) }
                largeAreDone.withLockedValue { $0 = true }
            }
            group.addTask {
                for batch in Self.batches(of: small) {
                    try await backfillRequested()
                    try await work.backfill(batch)
                }
                while !largeAreDone.withLockedValue({ $0 }) {
                    try await backfillRequested()
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

    /// Backfills the events that were requested.
    private func backfillRequested() async throws {
        let names =
            try await backfiller.connection.send(
                RedisCommand("SRANDMEMBER", keys.requestedBackfills, String(Self.batchLimit))
            ).array?.compactMap(\.string) ?? []
        for name in names {
            if let id = EventID(name) { try await work.backfill([id]) }
            // The publication removes the request. This removes the request of an event that could not be published.
            _ = try await backfiller.connection.send(RedisCommand("SREM", keys.requestedBackfills, name))
        }
    }
}
