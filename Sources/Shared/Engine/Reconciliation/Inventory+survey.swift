import Domain
import Ledger
import RedisClient
import RedisSchema

/// Reads and corrects an event's counters.
extension Inventory {
    /// Attempts to read while batches and dead letters change.
    private static let attempts = 200

    /// Reads an event's counters, the units of customers, and the event's snapshots in flight, as of one moment. Nil if
    /// Redis does not have the event. Throws ``RedisError/Code/overloaded`` if the leased batches change during each of
    /// 200 attempts.
    ///
    /// More snapshots than ``SurveySizes/limit`` are read in parts. They are exact because the event's row is locked: a snapshot
    /// of the event that was queued at the beginning stays in the queue, in a batch or among the dead letters.
    ///
    /// - Parameter customers: whose units are read.
    func survey(
        _ event: borrowing LockedEvent, customers: [String] = []
    ) async throws(RedisError) -> (EventSurvey, InFlightOrders)? {
        let partition = partition(of: event.id)
        // The script replies batchesChanged if the leased batches have changed since their tokens were read here.
        for _ in 0..<Self.attempts {
            let tokens = try await partition.leasedTokens()
            let script = SurveyScript(
                event.id, generation: event.generation, customers: customers, batches: tokens,
                limit: surveySizes.limit)
            var orders = InFlightOrders(of: event.id, generation: event.generation, customers: customers)
            switch try await partition.run(script) {
            case .notLoaded: return nil
            case .batchesChanged: continue
            case .found(let survey):
                orders.add(survey.snapshots)
                orders.unreadable = survey.unreadable
                return (survey, orders)
            case .tooMany(let survey, let start):
                let reader = InFlightReader(
                    event: event.id, partition: partition, start: start, partSize: surveySizes.part)
                if try await reader.read(into: &orders) { return (survey, orders) }
            }
        }
        throw RedisError(.overloaded, "the leased batches change too fast to be read", mayHaveRun: false)
    }

    /// Whether a snapshot of the event is queued, leased or dead-lettered, or an entry that cannot be read is: it may be
    /// of any event. The event is closed, so that no snapshot is added.
    func hasSnapshotsInFlight(_ event: borrowing LockedEvent) async throws(RedisError) -> Bool {
        let partition = partition(of: event.id)
        for _ in 0..<Self.attempts {
            let start = try await partition.surveyStart()
            var orders = InFlightOrders(of: event.id, generation: event.generation, customers: [])
            if try await InFlightReader(
                event: event.id, partition: partition, start: start, partSize: surveySizes.part
            ).read(into: &orders) {
                return !orders.isEmpty || orders.unreadable > 0
            }
        }
        throw RedisError(.overloaded, "the leased batches change too fast to be read", mayHaveRun: false)
    }

    /// Adds to an event's counters. False if the event is not loaded.
    func adjust(_ event: borrowing LockedEvent, by moves: UnitCounts) async throws(RedisError) -> Bool {
        try await partition(of: event.id).run(
            AdjustCountsScript(event.id, generation: event.generation, by: moves))
    }
}

extension Partition {
    /// Tokens of the leased batches.
    fileprivate func leasedTokens() async throws(RedisError) -> [String] {
        try await connection.send(RedisCommand("ZRANGE", keys.leases, "0", "-1")).array?.compactMap(\.string) ?? []
    }

    /// Where the entries in flight are. The values are read in the order of an entry's way backwards, so that none is
    /// missed that moves meanwhile.
    fileprivate func surveyStart() async throws(RedisError) -> SurveyStart {
        let batches = try await leasedTokens()
        let queued = try await connection.send(RedisCommand("LLEN", keys.queue)).integer ?? 0
        let taken = try await connection.send(RedisCommand("GET", keys.taken)).integer ?? 0
        let deadLetters = try await connection.send(RedisCommand("HLEN", keys.deadLetters)).integer ?? 0
        return SurveyStart(
            queued: Int(queued), taken: Int(taken), deadLetters: Int(deadLetters), batches: batches)
    }
}

/// How many entries in flight are read at once.
struct SurveySizes: Hashable, Sendable {
    /// Maximum number of entries that are read as of one moment. Redis does nothing else during this time, about 20 ms.
    var limit = 20_000
    /// Entries of one part if there are more, which occupy Redis for about 1 ms.
    var part = 2_000
}
