import Domain
import RedisClient

/// What Redis says of an event, as of one moment.
package struct EventSurvey: Hashable, Sendable {
    package var counts: UnitCounts
    package var capacity: Int
    /// The snapshots that are queued, leased or dead-lettered.
    package var snapshots: [Order]
    /// Entries that cannot be read, of any event.
    package var unreadable: Int
    /// Units of the customers that were asked for.
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

/// Reads an event's counters, units of customers, and every entry that is in flight.
package struct SurveyScript: PartitionScript {
    package enum Reply: Hashable, Sendable {
        case found(EventSurvey)
        /// Other batches are leased by now: ask again.
        case batchesChanged
        /// So many entries are in flight: nothing can be said before they are fewer.
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
    ///   - customers: whose units are read.
    ///   - batches: tokens of all leased batches.
    ///   - limit: entries that are looked through at most.
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
        call.rows("wanted_customers", customers) { $0.text("name", $1) }
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

/// Moves an event's counters. False if the event is not loaded. The caller has the event's row locked.
package struct AdjustCountsScript: PartitionScript {
    package typealias Reply = Bool

    package static let lua = LuaScript(
        Self.self, "adjust_counts", PackageResources.adjust_counts_lua, .allowOutOfMemory, prelude: [.numbers])
    package static let sample = AdjustCountsScript(.demo, generation: 1, by: UnitCounts())

    private let id: EventID
    private let generation: Int
    private let moves: UnitCounts

    package var fence: ScriptFence { .epoch }

    package init(_ id: EventID, generation: Int, by moves: UnitCounts) {
        self.id = id
        self.generation = generation
        self.moves = moves
    }

    package func encode(into call: inout ScriptEncoder) {
        call.key("event", call.keys.event(id))
        call.text("generation", String(generation))
        call.number("stock", moves.available)
        call.number("pending", moves.pending)
        call.number("held", moves.held)
        call.number("sold", moves.sold)
    }
}

/// An order that is to be checked: whether Redis has what the ledger says that it needs.
package struct OrderCheck: Hashable, Sendable {
    package var order: Order
    /// Whether it needs a record: it is held, or its idempotency key is still valid.
    package var needsRecord: Bool

    package init(order: Order, needsRecord: Bool) {
        self.order = order
        self.needsRecord = needsRecord
    }
}

/// Names the orders of an event that lack a record, a record as new as the ledger's, or a hold.
package struct VerifyScript: PartitionScript {
    package static let lua = LuaScript(
        Self.self, "verify", PackageResources.verify_lua, .noWrites, prelude: [.orders])
    package static let sample = VerifyScript(
        [
            OrderCheck(
                order: Order(
                    id: OrderID(milliseconds: 0, partition: 0, random: 0), event: .demo, quantity: 1, state: .held,
                    claimedAt: Timestamp(milliseconds: 0)),
                needsRecord: true)
        ], of: .demo)

    private let checks: [OrderCheck]
    private let id: EventID

    package var fence: ScriptFence { .none }

    package init(_ checks: [OrderCheck], of id: EventID) {
        self.checks = checks
        self.id = id
    }

    package func encode(into call: inout ScriptEncoder) {
        let keys = call.keys
        call.key("holds", keys.holds(id))
        call.rows("orders", checks) { row, check in
            row.key("record_key", keys.order(check.order.id))
            row.text("id", check.order.id.description)
            row.number("version", check.order.version)
            row.flag("needs_record", check.needsRecord)
        }
    }

    package func decode(_ reply: RESPValue) -> [Order] {
        (reply.array ?? []).compactMap(\.integer).map { checks[Int($0) - 1].order }
    }
}

/// Moves units of customers, and gives orders the records and holds that they lack. False if the event is not loaded. The
/// caller has the event's row locked.
package struct RepairScript: PartitionScript {
    package typealias Reply = Bool

    package static let lua = LuaScript(
        Self.self, "repair", PackageResources.repair_lua, .allowOutOfMemory,
        prelude: [.numbers, .customers, .orders])
    package static let sample = RepairScript(
        .demo, generation: 1, customers: ["": 1],
        orders: [
            Order(
                id: OrderID(milliseconds: 0, partition: 0, random: 0), event: .demo, quantity: 1, state: .held,
                claimedAt: Timestamp(milliseconds: 0))
        ])

    private let id: EventID
    private let generation: Int
    private let customers: [String: Int]
    private let orders: [Order]

    package var fence: ScriptFence { .epoch }

    /// - Parameters:
    ///   - customers: by how much to move their units.
    ///   - orders: as the ledger has them.
    package init(_ id: EventID, generation: Int, customers: [String: Int], orders: [Order]) {
        self.id = id
        self.generation = generation
        self.customers = customers
        self.orders = orders
    }

    package func encode(into call: inout ScriptEncoder) {
        let keys = call.keys
        call.key("event", keys.event(id))
        call.key("customers", keys.customers(id))
        call.key("holds", keys.holds(id))
        call.key("events_with_holds", keys.eventsWithHolds)
        call.text("generation", String(generation))
        call.text("id", id.description)
        call.rows("moves", customers) { row, move in
            row.text("customer", move.key)
            row.number("units", move.value)
        }
        call.rows("orders", orders) { row, order in
            row.key("record_key", keys.order(order.id))
            row.text("id", order.id.description)
            row.text("record", OrderCodec.encode(order))
        }
    }
}
