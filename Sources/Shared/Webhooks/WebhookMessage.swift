package import Domain
package import Ledger
package import Runtime

/// A change as an endpoint gets it. The body of a change is the same in each attempt.
package struct WebhookMessage: Hashable, Sendable {
    /// The value of `webhook-id`: the same in each attempt and for each endpoint.
    package let id: String
    /// A JSON object.
    package let body: String

    package init(_ change: Change) {
        id = change.id
        var object = JSONObject()
        object.append(change)
        body = object.text
    }

    /// The headers of one attempt at a time.
    ///
    /// - Parameter secrets: each signs, so that a receiver that has one of them accepts the message.
    package func headers(at time: Timestamp, secrets: [WebhookSecret]) -> [(name: String, value: String)] {
        let seconds = time.milliseconds / 1000
        let signatures = secrets.map { $0.signature(id: id, timestamp: seconds, body: body) }
        return [
            ("webhook-id", id), ("webhook-timestamp", String(seconds)),
            ("webhook-signature", signatures.joined(separator: " ")),
        ]
    }
}

extension JSONObject {
    /// Adds the members `type`, `timestamp` and `data`.
    package mutating func append(_ change: Change) {
        self["type"] = .string(change.type.rawValue)
        self["timestamp"] = .string(RFC3339.text(change.at))
        self["data"] = change.order == nil ? Self.event(change) : .object(Self.order(change))
    }

    private static func order(_ change: Change) -> JSONObject {
        var data = JSONObject()
        data["ticket_id"] = change.order.map { .string($0.description) }
        data["version"] = change.version.map { .integer($0) }
        data["status"] = change.type.orderState.map { .string($0.rawValue) }
        data["event"] = .string(change.event)
        data["customer"] = change.customer.map { .string($0) }
        data["quantity"] = change.quantity.map { .integer($0) }
        data["reason"] = change.reason.map { .string($0) }
        data["claimed_at"] = change.claimedAt.map { .string(RFC3339.text($0)) }
        data["confirmed_at"] = change.confirmedAt.map { .string(RFC3339.text($0)) }
        data["expires_at"] = change.expiresAt.map { .string(RFC3339.text($0)) }
        return data
    }

    /// The details are an object already; the event's id is put before its members.
    private static func event(_ change: Change) -> JSONObject.Value {
        let details = change.details ?? "{}"
        guard !change.event.isEmpty, details.first == "{", let id = EventID(change.event) else { return .json(details) }
        let members = details.dropFirst().drop { $0.isWhitespace }
        return .json("{\"event\":\"\(id)\"" + (members.first == "}" ? "" : ",") + members)
    }
}
