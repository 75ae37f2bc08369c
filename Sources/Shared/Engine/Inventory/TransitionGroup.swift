import Domain
import RedisClient
import RedisSchema

/// A change of an order that is wanted.
struct TransitionRequest: Hashable, Sendable {
    var order: OrderID
    var event: EventID
    var transition: OrderTransition
    /// The order as the ledger has it, to go by where Redis has let its record go.
    var fallback: Order?
    /// Whether another order's record was found at the place of this one's.
    var isDisplaced = false
}

/// What became of a request, and whether it is to be put again as one of a displaced order.
enum TransitionAnswer: Hashable, Sendable {
    case outcome(TransitionOutcome)
    case displaced
}

/// Changes of orders that are put to one call of the transition script, and how its answer reads. No I/O.
struct TransitionGroup: ScriptGroup {
    /// A call stays well under a millisecond.
    static let sizeLimit = 128

    let requests: [TransitionRequest]
    private let grouping: EventGrouping
    private let looked: String

    init(_ requests: [TransitionRequest]) {
        self.requests = requests
        grouping = EventGrouping(requests.lazy.map(\.event))
        looked = ""
    }

    /// The end of an event's holds: members of its holds, to be dropped when all of their orders have been looked through.
    init(expiring members: [String], of event: EventID) {
        var requests: [TransitionRequest] = []
        for member in members {
            for id in member.utf8.split(separator: UInt8(ascii: ",")).compactMap({ OrderID(Substring($0)) }) {
                requests.append(TransitionRequest(order: id, event: event, transition: .expire))
            }
        }
        self.requests = requests
        grouping = requests.isEmpty ? EventGrouping(empty: event) : EventGrouping(requests.lazy.map(\.event))
        looked = members.joined(separator: " ")
    }

    /// Transitions are of orders that exist, so the queue's limit does not stop them.
    func call(in keys: Keyspace, queueLimit: Int) -> RedisScriptCall {
        var call = RedisScriptCall(
            Scripts.transition, keys: [keys.queue, keys.eventsWithHolds, keys.pendingReleases],
            arguments: [keys.finished])
        grouping.append(to: &call, keys: keys, also: looked)
        for place in grouping.places {
            let request = requests[place]
            call.append(key: request.isDisplaced ? keys.displacedOrder(request.order) : keys.order(request.order))
            call.append(request.order.description)
            call.append(request.transition.rawValue)
            call.append(request.fallback.map(OrderRecord.encode) ?? "")
        }
        return call
    }

    func outcomes(of reply: RESPValue) throws(RedisError) -> [TransitionAnswer] {
        guard let values = reply.array, values.count == 2 * requests.count else { throw Self.unreadable }
        var answers: [TransitionAnswer] = Array(repeating: .displaced, count: requests.count)
        for (index, place) in grouping.places.enumerated() {
            guard let code = values[2 * index].integer,
                let answer = Self.answer(code, values[2 * index + 1].string ?? "")
            else { throw Self.unreadable }
            answers[place] = answer
        }
        return answers
    }

    private static var unreadable: RedisError {
        RedisError(.protocolViolation, "the transition script answered in another form", mayHaveRun: true)
    }

    /// The codes are transition.lua's.
    private static func answer(_ code: Int64, _ record: String) -> TransitionAnswer? {
        switch code {
        case 0: OrderRecord.decode(record).map { .outcome(.done($0)) }
        case 1: OrderRecord.decode(record).map { .outcome(.already($0)) }
        case 2: OrderRecord.decode(record).map { .outcome(.conflict($0)) }
        case 3: .outcome(.holdExpired)
        case 4: .outcome(.orderUnknown)
        case 5: .outcome(.recovering)
        case 6: .displaced
        default: nil
        }
    }
}
