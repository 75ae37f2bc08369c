import Domain
import RedisClient
import RedisSchema

/// Claims that are put to one call of the claim script, and how its answer reads. No I/O.
struct ClaimGroup: ScriptGroup {
    /// Measured: a larger group saves little more, and a call stays well under a millisecond.
    static let sizeLimit = 128

    let purchases: [Purchase]
    private let grouping: EventGrouping

    init(_ purchases: [Purchase]) {
        precondition(!purchases.isEmpty && purchases.count <= Self.sizeLimit)
        self.purchases = purchases
        grouping = EventGrouping(purchases.lazy.map(\.event))
    }

    func call(in keys: Keyspace, queueLimit: Int) -> RedisScriptCall {
        var call = RedisScriptCall(Scripts.claim, keys: [keys.queue, keys.eventsWithHolds])
        call.append(queueLimit)
        grouping.append(to: &call, keys: keys)
        for place in grouping.places {
            let purchase = purchases[place]
            call.append(key: keys.order(purchase.id))
            call.append(purchase.id.description)
            call.append(purchase.quantity)
            call.append(purchase.customer ?? "")
        }
        return call
    }

    func outcomes(of reply: RESPValue) throws(RedisError) -> [ClaimOutcome] {
        guard let values = reply.array, values.count == 2 * purchases.count + 1, let time = values.last?.integer
        else { throw Self.unreadable }
        let now = Timestamp(milliseconds: time)
        var outcomes: [ClaimOutcome] = Array(repeating: .refused(.recovering), count: purchases.count)
        for (index, place) in grouping.places.enumerated() {
            guard let code = values[2 * index].integer,
                let outcome = Self.outcome(code, values[2 * index + 1], of: purchases[place].id, now: now)
            else { throw Self.unreadable }
            outcomes[place] = outcome
        }
        return outcomes
    }

    private static var unreadable: RedisError {
        RedisError(.protocolViolation, "the claim script answered in another form", mayHaveRun: true)
    }

    /// The codes are claim.lua's.
    private static func outcome(_ code: Int64, _ value: RESPValue, of id: OrderID, now: Timestamp) -> ClaimOutcome? {
        if code == 20 { return replay(value.string ?? "") }
        if code == 10 { return customerLimit(value.string ?? "") }
        guard let number = value.integer else { return nil }
        let time = Timestamp(milliseconds: number)
        switch code {
        case 0: return .accepted(Acceptance(order: id, expiresAt: number == 0 ? nil : time))
        case 1: return .refused(.eventUnknown)
        case 2: return .refused(.recovering)
        case 3: return .refused(.scheduled(opensAt: time, now: now))
        case 4: return .refused(.paused)
        case 5: return .refused(.closed)
        case 6: return .refused(.quantityAboveMaximum(Int(number)))
        case 7: return .refused(.queueFull)
        case 8: return .refused(.insufficientStock(available: Int(number)))
        case 9: return .refused(.soldOut)
        case 11: return .refused(.customerRequired)
        case 12: return .refused(.allHeld(until: time, now: now))
        case 13: return .refused(.idempotencyKeyReused)
        default: return nil
        }
    }

    /// `end of the hold or nothing|the first order's id`
    private static func replay(_ text: String) -> ClaimOutcome? {
        let parts = text.split(separator: "|", omittingEmptySubsequences: false)
        guard parts.count == 2, let first = OrderID(parts[1]) else { return nil }
        let end = Int64(parts[0]).map(Timestamp.init(milliseconds:))
        return .accepted(Acceptance(order: first, expiresAt: end, isReplay: true))
    }

    /// `how many more|the limit`
    private static func customerLimit(_ text: String) -> ClaimOutcome? {
        let parts = text.split(separator: "|").map { Int($0) }
        guard parts.count == 2, let available = parts[0], let limit = parts[1] else { return nil }
        return .refused(.customerLimit(limit, available: available))
    }
}
