package import Domain
package import RedisClient

/// A request to change the state of an order.
package struct TransitionRequest: Hashable, Sendable {
    package var order: OrderID
    package var event: EventID
    package var transition: OrderTransition
    /// The order as the ledger has it, which is used if Redis has no record of it.
    package var fallback: Order?
    /// Whether another order's record was found at this order's key.
    package var isDisplaced = false

    package init(order: OrderID, event: EventID, transition: OrderTransition, fallback: Order? = nil) {
        self.order = order
        self.event = event
        self.transition = transition
        self.fallback = fallback
    }
}

/// The result of a request.
package enum TransitionAnswer: Hashable, Sendable {
    case outcome(TransitionOutcome)
    /// Another order's record is at this order's key: repeat the request as one of a displaced order.
    case displaced
}

/// The codes of transition.lua.
enum TransitionCode: Int, ScriptCode {
    case done, already, conflict, holdExpired, orderUnknown, recovering, displaced
}

/// Confirms, cancels or expires a group of orders in one call.
package struct TransitionScript: GroupScript {
    package typealias Outcome = TransitionAnswer

    /// A call of this size takes well under 1 ms.
    package static let sizeLimit = 128

    package static let lua = LuaScript(
        Self.self, "transition", PackageResources.transition_lua, .allowOutOfMemory,
        prelude: [.numbers, .clock, .customers, .orders, .confirmed, .holders, .holds, .messages],
        codes: [TransitionCode.self])
    package static let sample = TransitionScript(
        [
            TransitionRequest(
                order: OrderID(milliseconds: 0, partition: 0, random: 0), event: .demo, transition: .confirm)
        ], queueLimit: 0)

    let requests: [TransitionRequest]
    private let grouping: EventGrouping
    /// Members of the holds that are removed if none of their orders is held any more.
    private let membersToRemove: String

    package var fence: ScriptFence { .epoch }
    package static var waitsForReplicas: Bool { true }

    /// The limit of the queue does not apply to transitions, because they change existing orders.
    package init(_ requests: [TransitionRequest], queueLimit: Int) {
        self.requests = requests
        grouping = EventGrouping(requests.lazy.map(\.event))
        membersToRemove = ""
    }

    /// Expires orders of an event.
    ///
    /// - Parameter members: members of the event's holds. A member is removed if none of its orders is held any more.
    package init(expiring members: [String], of event: EventID) {
        var requests: [TransitionRequest] = []
        for member in members {
            for id in member.utf8.split(separator: UInt8(ascii: ",")).compactMap({ OrderID(Substring($0)) }) {
                requests.append(TransitionRequest(order: id, event: event, transition: .expire))
            }
        }
        self.requests = requests
        grouping = requests.isEmpty ? EventGrouping(empty: event) : EventGrouping(requests.lazy.map(\.event))
        membersToRemove = members.joined(separator: " ")
    }

    package func encode(into call: inout ScriptEncoder) {
        call.key("queue", call.keys.queue)
        call.key("events_with_holds", call.keys.eventsWithHolds)
        call.key("offers_due", call.keys.offersDue)
        call.key("pending_releases", call.keys.pendingReleases)
        call.key("confirmed", call.keys.confirmed(withKey: false))
        call.key("confirmed_keyed", call.keys.confirmed(withKey: true))
        call.text("finished", call.keys.finished)
        call.rows("events", grouping.groups) { row, group in
            row.encode(group)
            row.key("waiters", row.keys.waiters(group.id))
            row.text("members_to_remove", membersToRemove)
        }
        call.rows("orders", grouping.indices) { row, index in
            let (request, keys) = (requests[index], row.keys)
            row.key("record_key", request.isDisplaced ? keys.displacedOrder(request.order) : keys.order(request.order))
            row.text("id", request.order.description)
            row.text("transition", request.transition.rawValue)
            row.text("fallback", request.fallback.map(OrderCodec.encode) ?? "")
        }
    }

    package func decode(_ reply: RESPValue) throws(RedisError) -> [TransitionAnswer] {
        guard let values = reply.array, values.count == 2 * requests.count else { throw Self.unreadable() }
        var answers: [TransitionAnswer] = Array(repeating: .displaced, count: requests.count)
        for (position, index) in grouping.indices.enumerated() {
            guard let code = TransitionCode(values[2 * position]),
                let answer = Self.answer(code, values[2 * position + 1].string ?? "")
            else { throw Self.unreadable() }
            answers[index] = answer
        }
        return answers
    }

    package static func isAcknowledgement(_ outcome: TransitionAnswer) -> Bool {
        switch outcome {
        case .outcome(.done), .outcome(.already): true
        default: false
        }
    }

    private static func answer(_ code: TransitionCode, _ record: String) -> TransitionAnswer? {
        switch code {
        case .done: OrderCodec.decode(record).map { .outcome(.done($0)) }
        case .already: OrderCodec.decode(record).map { .outcome(.already($0)) }
        case .conflict: OrderCodec.decode(record).map { .outcome(.conflict($0)) }
        case .holdExpired: .outcome(.holdExpired)
        case .orderUnknown: .outcome(.orderUnknown)
        case .recovering: .outcome(.recovering)
        case .displaced: .displaced
        }
    }
}
