/// Claims that are put to one call of the claim script, and how its answer reads. No I/O.
struct ClaimGroup {
    /// Orders in one call at most: measured, a larger group saves little more, and a call stays well under a millisecond.
    static let sizeLimit = 128

    let purchases: [Purchase]
    /// The events in order of appearance, each with the places of its purchases.
    private let events: [(id: EventID, places: [Int])]

    init(_ purchases: [Purchase]) {
        precondition(!purchases.isEmpty && purchases.count <= Self.sizeLimit)
        self.purchases = purchases
        var events: [(id: EventID, places: [Int])] = []
        for (place, purchase) in purchases.enumerated() {
            if let index = events.firstIndex(where: { $0.id == purchase.event }) {
                events[index].places.append(place)
            } else {
                events.append((purchase.event, [place]))
            }
        }
        self.events = events
    }

    func call(in keys: Keyspace, queueLimit: Int) -> RedisScriptCall {
        var call = RedisScriptCall(Scripts.claim)
        call.append(key: keys.queue)
        for event in events { call.append(key: keys.event(event.id)) }
        call.append(queueLimit)
        call.append(events.count)
        for event in events {
            call.append(event.id.description)
            call.append(event.places.count)
        }
        for event in events {
            for place in event.places {
                call.append(key: keys.order(purchases[place].id))
                call.append(purchases[place].quantity)
                call.append(purchases[place].customer ?? "")
            }
        }
        return call
    }

    /// One outcome for each purchase, in their order.
    func outcomes(of reply: RESPValue) throws(RedisError) -> [ClaimOutcome] {
        guard let numbers = reply.array?.map(\.integer), numbers.count == 2 * purchases.count + 1,
            let last = numbers.last, let now = last
        else { throw Self.unreadable }
        var outcomes: [ClaimOutcome] = Array(repeating: .refused(.recovering), count: purchases.count)
        for (index, place) in events.lazy.flatMap(\.places).enumerated() {
            guard let code = numbers[2 * index], let value = numbers[2 * index + 1],
                let outcome = Self.outcome(code, value, now: Timestamp(milliseconds: now))
            else { throw Self.unreadable }
            outcomes[place] = outcome
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
