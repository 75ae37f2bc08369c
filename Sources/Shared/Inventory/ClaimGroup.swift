/// Claims that are put to one call of the claim script, and how its answer reads. No I/O.
struct ClaimGroup {
    /// Orders in one call at most: measured, a larger group saves little more, and a call stays well under a millisecond.
    static let sizeLimit = 128

    let purchases: [Purchase]
    private let events: [EventID]

    init(_ purchases: [Purchase]) {
        precondition(!purchases.isEmpty && purchases.count <= Self.sizeLimit)
        self.purchases = purchases
        var events: [EventID] = []
        for purchase in purchases where !events.contains(purchase.event) { events.append(purchase.event) }
        self.events = events
    }

    func call(in keys: Keyspace, queueLimit: Int) -> RedisScriptCall {
        var call = RedisScriptCall(Scripts.claim)
        call.append(key: keys.queue)
        for event in events { call.append(key: keys.event(event)) }
        call.append(events.count)
        call.append(purchases.count)
        call.append(queueLimit)
        for purchase in purchases {
            let id = purchase.id.description
            call.append(key: keys.order(id))
            call.append((events.firstIndex(of: purchase.event) ?? 0) + 1)
            call.append(id)
            call.append(purchase.quantity)
            call.append(purchase.customer ?? "")
        }
        return call
    }

    /// One outcome for each purchase, in their order.
    func outcomes(of reply: RESPValue) throws(RedisError) -> [ClaimOutcome] {
        guard let numbers = reply.array?.map(\.integer), numbers.count == 2 * purchases.count + 1,
            let last = numbers.last, let now = last
        else { throw Self.unreadable }
        var outcomes: [ClaimOutcome] = []
        outcomes.reserveCapacity(purchases.count)
        for index in purchases.indices {
            guard let code = numbers[2 * index], let value = numbers[2 * index + 1],
                let outcome = Self.outcome(code, value, now: Timestamp(milliseconds: now))
            else { throw Self.unreadable }
            outcomes.append(outcome)
        }
        return outcomes
    }

    private static var unreadable: RedisError {
        RedisError(.protocolViolation, "the claim script answered in another form", mayHaveRun: true)
    }

    private static func outcome(_ code: Int64, _ value: Int64, now: Timestamp) -> ClaimOutcome? {
        switch code {
        case 0: .accepted(claimedAt: Timestamp(milliseconds: value))
        case 1: .refused(.eventUnknown)
        case 2: .refused(.recovering)
        case 3: .refused(.scheduled(opensAt: Timestamp(milliseconds: value), now: now))
        case 4: .refused(.paused)
        case 5: .refused(.closed)
        case 6: .refused(.quantityAboveMaximum(Int(value)))
        case 7: .refused(.queueFull)
        case 8: .refused(.insufficientStock(available: Int(value)))
        case 9: .refused(.soldOut)
        default: nil
        }
    }
}
