package import Domain
package import RedisClient

/// The codes of wait.lua. The comments describe the detail that follows each code; without a comment it is 0.
enum WaitCode: Int, ScriptCode {
    case joined = 0
    case eventUnknown = 1
    case recovering = 2
    /// The time at which the event opens.
    case scheduled = 3
    case noWaitlist = 4
    case closed = 5
    /// The event's maximum for one order.
    case quantityAboveMaximum = 6
    case queueFull = 7
    /// The units that are available.
    case available = 8
    /// The limit.
    case waitlistFull = 9
    /// `units that the customer can still claim|the limit`
    case customerLimit = 10
    case customerRequired = 11
    /// The order of the customer's place.
    case onWaitlist = 12
    case idempotencyKeyReused = 13
    /// The limit.
    case orderLimit = 15
    /// The id of the first order.
    case replayed = 20
    /// The id of the first order, whose record is gone.
    case inLedger = 21
}

/// Takes places on waiting lists for a group of purchases in one call.
package struct WaitScript: GroupScript {
    package typealias Outcome = WaitOutcome

    package static let sizeLimit = 128

    package static let lua = LuaScript(
        Self.self, "wait", PackageResources.wait_lua,
        prelude: [.numbers, .clock, .lists, .orders, .forgotten, .holders, .places], codes: [WaitCode.self])
    package static let sample = WaitScript(
        [Purchase(id: OrderID(milliseconds: 0, partition: 0, random: 0), event: .demo, quantity: 1)], queueLimit: 1)

    private let purchases: [Purchase]
    private let queueLimit: Int
    private let placeLimit: Int
    private let grouping: EventGrouping

    package var fence: ScriptFence { .epoch }
    package static var waitsForReplicas: Bool { true }

    package init(_ purchases: [Purchase], queueLimit: Int) {
        self.init(purchases, queueLimit: queueLimit, placeLimit: EventTerms.waitlistLimit)
    }

    /// - Parameter placeLimit: the number of places of an event at which no more are given.
    package init(_ purchases: [Purchase], queueLimit: Int, placeLimit: Int) {
        precondition(!purchases.isEmpty && purchases.count <= Self.sizeLimit)
        self.purchases = purchases
        self.queueLimit = queueLimit
        self.placeLimit = placeLimit
        grouping = EventGrouping(purchases.lazy.map(\.event))
    }

    package func encode(into call: inout ScriptEncoder) {
        call.key("queue", call.keys.queue)
        call.key("offers_due", call.keys.offersDue)
        call.key("forgotten", call.keys.forgotten)
        call.key("pending_releases", call.keys.pendingReleases)
        call.number("queue_limit", queueLimit)
        call.number("place_limit", placeLimit)
        call.rows("events", grouping.groups) { row, group in
            row.encode(group)
            row.key("waiters", row.keys.waiters(group.id))
        }
        call.rows("orders", grouping.indices) { row, index in
            let purchase = purchases[index]
            row.key("record_key", recordOf: purchase.id)
            row.text("id", purchase.id)
            row.number("quantity", purchase.quantity)
            row.text("customer", purchase.customer ?? "")
        }
    }

    package func decode(_ reply: RESPValue) throws(RedisError) -> [WaitOutcome] {
        guard let values = reply.array, values.count == 2 * purchases.count + 1, let time = values.last?.integer
        else { throw Self.unreadable() }
        let now = Timestamp(milliseconds: time)
        var outcomes: [WaitOutcome] = Array(repeating: .refused(.recovering), count: purchases.count)
        for (position, index) in grouping.indices.enumerated() {
            guard let code = WaitCode(values[2 * position]),
                let outcome = Self.outcome(code, values[2 * position + 1], of: purchases[index].id, now: now)
            else { throw Self.unreadable() }
            outcomes[index] = outcome
        }
        return outcomes
    }

    private static func outcome(
        _ code: WaitCode, _ detail: RESPValue, of id: OrderID, now: Timestamp
    ) -> WaitOutcome? {
        let text = detail.string ?? ""
        let number = detail.integer ?? 0
        switch code {
        case .joined: return .joined(id)
        case .replayed: return OrderID(text).map { .replayed($0) }
        case .inLedger: return OrderID(text).map { .inLedger($0) }
        case .onWaitlist: return OrderID(text).map { .refused(.onWaitlist($0)) }
        case .customerLimit:
            let parts = text.split(separator: "|").map { Int($0) }
            guard parts.count == 2, let available = parts[0], let limit = parts[1] else { return nil }
            return .refused(.customerLimit(limit, available: available))
        case .eventUnknown: return .refused(.eventUnknown)
        case .recovering: return .refused(.recovering)
        case .scheduled: return .refused(.scheduled(opensAt: Timestamp(milliseconds: number), now: now))
        case .noWaitlist: return .refused(.noWaitlist)
        case .closed: return .refused(.closed)
        case .quantityAboveMaximum: return .refused(.quantityAboveMaximum(Int(number)))
        case .queueFull: return .refused(.queueFull)
        case .available: return .refused(.available(Int(number)))
        case .waitlistFull: return .refused(.waitlistFull(Int(number)))
        case .customerRequired: return .refused(.customerRequired)
        case .idempotencyKeyReused: return .refused(.idempotencyKeyReused)
        case .orderLimit: return .refused(.orderLimit(Int(number)))
        }
    }

    package static func isAcknowledgement(_ outcome: WaitOutcome) -> Bool {
        switch outcome {
        case .joined, .replayed: true
        case .inLedger, .refused: false
        }
    }
}
