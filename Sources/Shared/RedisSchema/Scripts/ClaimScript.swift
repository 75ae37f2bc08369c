package import Domain
package import RedisClient

/// The codes of claim.lua. The comments describe the detail that follows each code; without a comment it is 0.
enum ClaimCode: Int, ScriptCode {
    /// The time at which the hold expires; 0 if there is none.
    case accepted = 0
    case eventUnknown = 1
    /// 0. The event or the customer's units cannot be read or are being rebuilt.
    case recovering = 2
    /// The time at which the event opens.
    case scheduled = 3
    case paused = 4
    case closed = 5
    /// The event's maximum for one order.
    case quantityAboveMaximum = 6
    case queueFull = 7
    /// The units that are left.
    case insufficientStock = 8
    case soldOut = 9
    /// `units that the customer can still claim|the limit`
    case customerLimit = 10
    case customerRequired = 11
    /// The time at which the next hold expires.
    case allHeld = 12
    case idempotencyKeyReused = 13
    /// 0. The event counts the orders or holds of client addresses, and the purchase has neither a customer nor an address.
    case addressRequired = 14
    /// The limit.
    case orderLimit = 15
    /// The limit.
    case holdLimit = 16
    /// The time until which the holder can hold nothing.
    case holdPaused = 17
    /// 0. The event has a waiting room, and the purchase has no pass.
    case passRequired = 30
    /// 0. The pass is of another generation of the event.
    case passInvalid = 31
    case passExpired = 32
    /// The units that can still be bought with the pass.
    case passUsed = 33
    /// `time at which the hold expires, or nothing|id of the first order`
    case replayed = 20
    /// The id of the first order, whose record is gone.
    case inLedger = 21
}

/// Claims stock for a group of purchases in one call.
package struct ClaimScript: GroupScript {
    package typealias Outcome = ClaimOutcome

    /// Measurements: a larger group saves little more, and a call of this size takes well under 1 ms.
    package static let sizeLimit = 128

    package static let lua = LuaScript(
        Self.self, "claim", PackageResources.claim_lua,
        prelude: [.numbers, .clock, .lists, .orders, .forgotten, .holders],
        codes: [ClaimCode.self])
    package static let sample = ClaimScript(
        [Purchase(id: OrderID(milliseconds: 0, partition: 0, random: 0), event: .demo, quantity: 1)], queueLimit: 1)

    /// Precedes the address of a client. A customer contains no control characters.
    private static let addressMark = "\u{1}"

    /// Precedes a pass, which precedes the buyer.
    private static let passMark = "\u{2}"

    let purchases: [Purchase]
    private let queueLimit: Int
    private let grouping: EventGrouping

    package var fence: ScriptFence { .epoch }
    package static var waitsForReplicas: Bool { true }

    package init(_ purchases: [Purchase], queueLimit: Int) {
        precondition(!purchases.isEmpty && purchases.count <= Self.sizeLimit)
        self.purchases = purchases
        self.queueLimit = queueLimit
        grouping = EventGrouping(purchases.lazy.map(\.event))
    }

    package func encode(into call: inout ScriptEncoder) {
        call.key("queue", call.keys.queue)
        call.key("events_with_holds", call.keys.eventsWithHolds)
        call.key("last_sequence", call.keys.lastSequence)
        call.key("forgotten", call.keys.forgotten)
        call.number("queue_limit", queueLimit)
        call.number("with_address", purchases.count { $0.customer == nil && $0.client != nil })
        call.number("with_pass", purchases.count { $0.pass != nil })
        call.rows("events", grouping.groups) { row, group in
            row.encode(group)
            row.key("room", row.keys.room(group.id))
            row.key("passes", row.keys.passes(group.id))
        }
        call.columns("orders", grouping.indices) { row, index in
            let purchase = purchases[index]
            row.key("record_key", recordOf: purchase.id)
            row.text("id", purchase.id)
            row.number("quantity", purchase.quantity)
            row.text("customer", Self.buyer(of: purchase))
        }
    }

    /// The customer, or the address of the client, after the pass if there is one.
    private static func buyer(of purchase: Purchase) -> String {
        let buyer = purchase.customer ?? purchase.client.map { addressMark + $0 } ?? ""
        guard let pass = purchase.pass else { return buyer }
        return "\(passMark)\(pass.number)|\(pass.end.milliseconds)|\(pass.generation)|\(buyer)"
    }

    package func decode(_ reply: RESPValue) throws(RedisError) -> [ClaimOutcome] {
        guard let values = reply.array, values.count == 2 * purchases.count + 1, let time = values.last?.integer
        else { throw Self.unreadable() }
        let now = Timestamp(milliseconds: time)
        var outcomes: [ClaimOutcome] = Array(repeating: .refused(.recovering), count: purchases.count)
        for (position, index) in grouping.indices.enumerated() {
            guard let code = ClaimCode(values[2 * position]),
                let outcome = Self.outcome(code, values[2 * position + 1], of: purchases[index].id, now: now)
            else { throw Self.unreadable() }
            outcomes[index] = outcome
        }
        return outcomes
    }

    private static func outcome(
        _ code: ClaimCode, _ detail: RESPValue, of id: OrderID, now: Timestamp
    ) -> ClaimOutcome? {
        switch code {
        case .replayed: return replay(detail.string ?? "")
        case .customerLimit: return customerLimit(detail.string ?? "")
        case .inLedger: return OrderID(detail.string ?? "").map { .inLedger($0) }
        default: break
        }
        guard let number = detail.integer else { return nil }
        let time = Timestamp(milliseconds: number)
        return switch code {
        case .accepted: .accepted(Acceptance(order: id, expiresAt: number == 0 ? nil : time))
        case .eventUnknown: .refused(.eventUnknown)
        case .recovering: .refused(.recovering)
        case .scheduled: .refused(.scheduled(opensAt: time, now: now))
        case .paused: .refused(.paused)
        case .closed: .refused(.closed)
        case .quantityAboveMaximum: .refused(.quantityAboveMaximum(Int(number)))
        case .queueFull: .refused(.queueFull)
        case .insufficientStock: .refused(.insufficientStock(available: Int(number)))
        case .soldOut: .refused(.soldOut)
        case .customerRequired: .refused(.customerRequired)
        case .allHeld: .refused(.allHeld(until: time, now: now))
        case .idempotencyKeyReused: .refused(.idempotencyKeyReused)
        case .addressRequired: .clientRequired
        case .orderLimit: .refused(.orderLimit(Int(number)))
        case .holdLimit: .refused(.holdLimit(Int(number)))
        case .holdPaused: .refused(.holdPaused(until: time, now: now))
        case .passRequired: .refused(.passRequired)
        case .passInvalid: .refused(.passInvalid)
        case .passExpired: .refused(.passExpired)
        case .passUsed: .refused(.passUsed(available: Int(number)))
        case .replayed, .customerLimit, .inLedger: nil
        }
    }

    package static func isAcknowledgement(_ outcome: ClaimOutcome) -> Bool {
        if case .accepted = outcome { true } else { false }
    }

    private static func replay(_ detail: String) -> ClaimOutcome? {
        let parts = detail.split(separator: "|", omittingEmptySubsequences: false)
        guard parts.count == 2, let first = OrderID(parts[1]) else { return nil }
        let end = Int64(parts[0]).map(Timestamp.init(milliseconds:))
        return .accepted(Acceptance(order: first, expiresAt: end, isReplay: true))
    }

    private static func customerLimit(_ detail: String) -> ClaimOutcome? {
        let parts = detail.split(separator: "|").map { Int($0) }
        guard parts.count == 2, let available = parts[0], let limit = parts[1] else { return nil }
        return .refused(.customerLimit(limit, available: available))
    }
}
