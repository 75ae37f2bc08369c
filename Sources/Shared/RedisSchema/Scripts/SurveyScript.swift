package import Domain
package import RedisClient

/// The state of an event in Redis at one moment.
package struct EventSurvey: Hashable, Sendable {
    package var counts: UnitCounts
    package var capacity: Int
    /// The snapshots that are queued, leased or dead-lettered.
    package var snapshots: [Order]
    /// The number of entries that cannot be read, of any event.
    package var unreadable: Int
    /// Units of the requested customers.
    package var customers: [String: Int]

    package init(
        counts: UnitCounts, capacity: Int, snapshots: [Order], unreadable: Int, customers: [String: Int] = [:]
    ) {
        self.counts = counts
        self.capacity = capacity
        self.snapshots = snapshots
        self.unreadable = unreadable
        self.customers = customers
    }
}

/// Where the entries in flight were when a survey began, for reading them in parts.
package struct SurveyStart: Hashable, Sendable {
    /// Entries of the queue.
    package var queued: Int
    /// Entries that were ever taken from the queue.
    package var taken: Int
    package var deadLetters: Int
    /// Tokens of the leased batches.
    package var batches: [String]

    package init(queued: Int, taken: Int, deadLetters: Int, batches: [String]) {
        self.queued = queued
        self.taken = taken
        self.deadLetters = deadLetters
        self.batches = batches
    }
}

/// The codes of survey.lua.
enum SurveyCode: Int, ScriptCode {
    case found, batchesChanged, tooMany
}

/// Reads an event's counters, the units of some customers, and every snapshot in flight.
package struct SurveyScript: PartitionScript {
    package enum Reply: Hashable, Sendable {
        case found(EventSurvey)
        /// Other batches are leased by now: repeat with the present tokens.
        case batchesChanged
        /// More entries are in flight than the limit. The survey has no snapshots; they are read in parts.
        case tooMany(EventSurvey, SurveyStart)
        /// Redis has no such event in this generation, or its counters cannot be read.
        case notLoaded
    }

    package static let lua = LuaScript(
        Self.self, "survey", PackageResources.survey_lua, .noWrites, codes: [SurveyCode.self])
    package static let sample = SurveyScript(.demo, generation: 1, customers: [""], batches: [""], limit: 1)

    private let id: EventID
    private let generation: Int
    private let customers: [String]
    private let batches: [String]
    private let limit: Int

    package var fence: ScriptFence { .none }

    /// - Parameters:
    ///   - customers: the customers whose units are read.
    ///   - batches: tokens of all leased batches.
    ///   - limit: the maximum number of entries that are read.
    package init(_ id: EventID, generation: Int, customers: [String], batches: [String], limit: Int) {
        self.id = id
        self.generation = generation
        self.customers = customers
        self.batches = batches
        self.limit = limit
    }

    package func encode(into call: inout ScriptEncoder) {
        let keys = call.keys
        call.key("event", keys.event(id))
        call.key("queue", keys.queue)
        call.key("dead_letters", keys.deadLetters)
        call.key("leases", keys.leases)
        call.key("taken", keys.taken)
        call.key("customers", keys.customers(id))
        call.text("id", id.description)
        call.number("limit", limit)
        call.rows("requested_customers", customers) { $0.text("name", $1) }
        call.rows("batches", batches) { row, token in
            row.key("list", keys.batch(token))
            row.text("token", token)
        }
    }

    package func decode(_ reply: RESPValue) throws(RedisError) -> Reply {
        let values = reply.array ?? []
        switch SurveyCode(values.first) {
        case .found: return survey(values).map { .found($0) } ?? .notLoaded
        case .batchesChanged: return .batchesChanged
        case .tooMany:
            let numbers = values.dropFirst(8).prefix(3).compactMap { $0.integer.map { Int($0) } }
            guard numbers.count == 3 else { throw Self.unreadable(mayHaveRun: false) }
            let start = SurveyStart(
                queued: numbers[0], taken: numbers[1], deadLetters: numbers[2], batches: batches)
            return survey(values).map { .tooMany($0, start) } ?? .notLoaded
        case nil: throw Self.unreadable(mayHaveRun: false)
        }
    }

    /// Nil if Redis has no such event in this generation, or its counters cannot be read.
    private func survey(_ values: [RESPValue]) -> EventSurvey? {
        let numbers = values.dropFirst().prefix(7).map { $0.integer.map { Int($0) } }
        let entries = 11 + customers.count
        guard numbers.count == 7, numbers[0] == generation, let capacity = numbers[1], let stock = numbers[2],
            let pending = numbers[3], let held = numbers[4], let sold = numbers[5], var unreadable = numbers[6],
            values.count >= entries
        else { return nil }
        let units = values[11..<entries].map { $0.integer.map { Int($0) } ?? 0 }
        var snapshots: [Order] = []
        for entry in values.dropFirst(entries).compactMap(\.bytes) {
            if let order = try? OrderCodec.decode(entry: entry) { snapshots.append(order) } else { unreadable += 1 }
        }
        return EventSurvey(
            counts: UnitCounts(available: stock, pending: pending, held: held, sold: sold), capacity: capacity,
            snapshots: snapshots, unreadable: unreadable,
            customers: Dictionary(zip(customers, units)) { $1 })
    }
}
