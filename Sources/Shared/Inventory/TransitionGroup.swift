/// A change of an order that is wanted.
struct TransitionRequest: Hashable, Sendable {
    var order: OrderID
    var event: EventID
    var transition: OrderTransition
    /// The order as the ledger has it, to go by where Redis has let its record go.
    var fallback: Order?
}

/// Changes of orders that are put to one call of the transition script, and how its answer reads. No I/O.
struct TransitionGroup: ScriptGroup {
    /// A call stays well under a millisecond.
    static let sizeLimit = 128

    private let requests: [TransitionRequest]
    private let grouping: EventGrouping

    init(_ requests: [TransitionRequest]) {
        self.requests = requests
        grouping = EventGrouping(requests.lazy.map(\.event))
    }

    /// Transitions are of orders that exist, so the queue's limit does not stop them.
    func call(in keys: Keyspace, queueLimit: Int) -> RedisScriptCall {
        var call = RedisScriptCall(Scripts.transition, keys: [keys.queue, keys.holding], arguments: [keys.finished])
        grouping.append(to: &call, keys: keys)
        for place in grouping.places {
            let request = requests[place]
            call.append(key: keys.order(request.order))
            call.append(request.transition.rawValue)
            call.append(request.fallback.map(OrderRecord.encode) ?? "")
        }
        return call
    }

    /// A call without orders: it notes anew when the event's first hold ends.
    static func touch(_ event: EventID, in keys: Keyspace) -> RedisScriptCall {
        var call = RedisScriptCall(Scripts.transition, keys: [keys.queue, keys.holding], arguments: [keys.finished])
        EventGrouping(empty: event).append(to: &call, keys: keys)
        return call
    }

    func outcomes(of reply: RESPValue) throws(RedisError) -> [TransitionOutcome] {
        guard let values = reply.array, values.count == 2 * requests.count else { throw Self.unreadable }
        var outcomes: [TransitionOutcome] = Array(repeating: .recovering, count: requests.count)
        for (index, place) in grouping.places.enumerated() {
            guard let code = values[2 * index].integer,
                let outcome = Self.outcome(code, values[2 * index + 1].string ?? "", of: requests[place].order)
            else { throw Self.unreadable }
            outcomes[place] = outcome
        }
        return outcomes
    }

    private static var unreadable: RedisError {
        RedisError(.protocolViolation, "the transition script answered in another form", mayHaveRun: true)
    }

    /// The codes are transition.lua's.
    private static func outcome(_ code: Int64, _ record: String, of id: OrderID) -> TransitionOutcome? {
        switch code {
        case 0: OrderRecord.decode(record, id: id).map(TransitionOutcome.done)
        case 1: OrderRecord.decode(record, id: id).map(TransitionOutcome.already)
        case 2: OrderRecord.decode(record, id: id).map(TransitionOutcome.conflict)
        case 3: .holdExpired
        case 4: .orderUnknown
        case 5: .recovering
        default: nil
        }
    }
}
