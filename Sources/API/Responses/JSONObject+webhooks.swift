import Domain
import Ledger
import Runtime
import Webhooks

extension JSONObject {
    /// An endpoint, without its secrets.
    init(_ endpoint: WebhookEndpoint) {
        self.init()
        self["id"] = .string(endpoint.id)
        self["url"] = endpoint.terms.url.map { .string($0) }
        self["types"] = endpoint.terms.types.map { .json(Self.list($0.map(\.rawValue))) }
        self["events"] = endpoint.terms.events.map { .json(Self.list($0.map(\.description))) }
        self["paused"] = .boolean(endpoint.terms.pause != nil)
        self["pause_reason"] = endpoint.terms.pause.map { .string($0.rawValue) }
        self["previous_secret_until"] = endpoint.previousUntil.map { .string(RFC3339.text($0)) }
        self["failures"] = .integer(endpoint.failures)
        self["retry_at"] = endpoint.retryAt.map { .string(RFC3339.text($0)) }
        self["pending"] = .integer(endpoint.pending)
        self["retrying"] = .integer(endpoint.retrying)
        self["dead"] = .integer(endpoint.dead)
        self["created_at"] = .string(RFC3339.text(endpoint.createdAt))
        self["updated_at"] = .string(RFC3339.text(endpoint.updatedAt))
    }

    /// The elements need no escaping.
    private static func list(_ texts: [String]) -> String {
        "[" + texts.map { "\"\($0)\"" }.joined(separator: ",") + "]"
    }

    init(_ delivery: WebhookDelivery) {
        self.init()
        self["id"] = .integer(delivery.sequence)
        self["state"] = .string(delivery.state.rawValue)
        self["message_id"] = delivery.message.map { .string($0) }
        self["type"] = delivery.type.map { .string($0.rawValue) }
        self["event"] = delivery.event.flatMap { $0.isEmpty ? nil : .string($0) }
        self["attempts"] = .integer(delivery.attempts)
        self["status"] = delivery.status.map { .integer($0) }
        self["answer"] = delivery.answer.map { .string($0) }
        self["created_at"] = .string(RFC3339.text(delivery.createdAt))
        self["attempted_at"] = delivery.attemptedAt.map { .string(RFC3339.text($0)) }
        self["next_attempt_at"] = delivery.nextAt.map { .string(RFC3339.text($0)) }
    }

    /// A change, with the id of its message.
    init(_ change: Change) {
        self.init()
        self["id"] = .string(change.id)
        append(change)
    }
}
