import Domain
import NIOCore
import NIOHTTP1
import RedisSchema
import Runtime

extension APIResponse {
    /// The response to an accepted purchase. Its body is the same for every request with the same idempotency key.
    init(accepted purchase: Purchase, as acceptance: Acceptance) {
        let id = acceptance.order
        var json = JSONWriter()
        json.field("ticket_id") { $0.write(id) }
        json.field("event", purchase.event.description)
        json.field("quantity", purchase.quantity)
        json.field("status", (acceptance.expiresAt == nil ? OrderState.pending : .held).rawValue)
        json.field("status_url") { buffer in
            buffer.writeStaticString("/orders/")
            buffer.write(id)
        }
        if let end = acceptance.expiresAt { json.field("expires_at", end) }
        self.init(.accepted, json.end())
        location = id
        retryAfterSeconds = 1
        isReplay = acceptance.isReplay
    }

    /// The response with an order's current state.
    init(_ order: Order, _ wait: WaitPreference) {
        self.init(.ok, Self.document(of: order))
        if order.state == .pending { retryAfterSeconds = 1 }
        if wait.isFromHeader { appliedWait = wait.seconds }
    }

    /// The JSON document of an order's current state.
    static func document(of order: Order) -> ByteBuffer {
        var json = JSONWriter(changed: order)
        json.field("persisted", order.isPersisted)
        return json.end()
    }

    /// The response to a request for a place on a waiting list: 201, also if the request is repeated.
    ///
    /// - Parameter position: the position of the place; nil if the order does not wait any more.
    init(joined order: Order, position: Int?, isReplay: Bool) {
        var json = JSONWriter()
        json.field("ticket_id") { $0.write(order.id) }
        json.field("event", order.event.description)
        json.field("quantity", order.quantity)
        json.field("status", order.state.rawValue)
        if let position { json.field("position", position) }
        json.field("status_url") { buffer in
            buffer.writeStaticString("/waitlist/")
            buffer.write(order.id)
        }
        if let end = order.expiresAt { json.field("expires_at", end) }
        self.init(.created, json.end())
        location = order.id
        self.isReplay = isReplay
    }

    /// The response with the current state of an order, and the position of its place if it waits.
    init(place order: Order, position: Int?) {
        var json = JSONWriter(changed: order)
        json.field("persisted", order.isPersisted)
        if let position { json.field("position", position) }
        self.init(.ok, json.end())
    }

    /// The response to a transition. It is the same if the transition is repeated, so it does not contain `persisted`, which
    /// changes later.
    init(changed order: Order) {
        self.init(.ok, JSONWriter(changed: order).end())
    }
}

extension JSONWriter {
    fileprivate init(changed order: Order) {
        self.init()
        field("ticket_id") { $0.write(order.id) }
        field("event", order.event.description)
        field("quantity", order.quantity)
        field("status", order.state.rawValue)
        field("claimed_at", order.claimedAt)
        if let time = order.confirmedAt { field("confirmed_at", time) }
        if let time = order.expiresAt { field("expires_at", time) }
        if let reason = order.reason { field("reason", reason) }
    }
}
