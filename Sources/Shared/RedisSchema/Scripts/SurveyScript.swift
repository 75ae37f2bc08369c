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
        /// More entries are in flight than the limit: this many. The event cannot be surveyed until there are fewer.
        case tooMany(Int)
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
        case .found: return found(values)
        case .batchesChanged: return .batchesChanged
        case .tooMany: return .tooMany(values.last?.integer.map { Int($0) } ?? 0)
        case nil: throw Self.unreadable(mayHaveRun: false)
        }
    }

    private func found(_ values: [RESPValue]) -> Reply {
        let numbers = values.dropFirst().prefix(7).map { $0.integer.map { Int($0) } }
        guard numbers.count == 7, numbers[0] == generation, let capacity = numbers[1], let stock = numbers[2],
            let pending = numbers[3], let held = numbers[4], let sold = numbers[5], var unreadable = numbers[6],
            values.count >= 8 + customers.count
        else { return .notLoaded }
        let units = values[8..<8 + customers.count].map { $0.integer.map { Int($0) } ?? 0 }
        var snapshots: [Order] = []
        for entry in values.dropFirst(8 + customers.count).compactMap(\.bytes) {
            if let order = try? OrderCodec.decode(entry: entry) { snapshots.append(order) } else { unreadable += 1 }
        }
        return .found(
            EventSurvey(
                counts: UnitCounts(available: stock, pending: pending, held: held, sold: sold), capacity: capacity,
                snapshots: snapshots, unreadable: unreadable,
                customers: Dictionary(zip(customers, units)) { $1 }))
    }
}
