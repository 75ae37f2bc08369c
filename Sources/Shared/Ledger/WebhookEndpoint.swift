package import Domain
import PostgresClient

/// What an endpoint wants.
package struct WebhookTerms: Hashable, Sendable {
    /// Nil: the changes are only kept for clients that read them.
    package var url: String?
    /// Nil: all types.
    package var types: [ChangeType]?
    /// Nil: all events.
    package var events: [EventID]?
    /// Why nothing is delivered; nil if something is.
    package var pause: WebhookPause?

    package init(
        url: String? = nil, types: [ChangeType]? = nil, events: [EventID]? = nil, pause: WebhookPause? = nil
    ) {
        self.url = url
        self.types = types
        self.events = events
        self.pause = pause
    }
}

/// Why an endpoint is paused.
package enum WebhookPause: String, Sendable, PostgresTextEncodable, PostgresDecodable {
    /// An operator has paused it.
    case `operator`
    /// It has answered 410.
    case gone
}

/// An endpoint, with what it waits for.
package struct WebhookEndpoint: Hashable, Sendable {
    package var number: Int
    package var id: String
    package var terms: WebhookTerms
    /// When the secret before the present one ends; nil if it has ended.
    package var previousUntil: Timestamp?
    package var createdAt: Timestamp
    package var updatedAt: Timestamp
    /// Failures since the last success.
    package var failures: Int
    /// Until when nothing is sent; nil if something is.
    package var retryAt: Timestamp?
    /// Deliveries by state, up to 10,000 of each.
    package var pending: Int
    package var retrying: Int
    package var dead: Int
}

/// What an endpoint is sent with.
package struct WebhookTurn: Hashable, Sendable {
    package var id: String
    package var url: String
    package var secret: String
    package var previousSecret: String?
    /// Failures since the last success.
    package var failures: Int
    /// Changes that the turn has gone through.
    package var fanned: Int
}

/// A delivery that is due.
package struct DueDelivery: Hashable, Sendable {
    package var sequence: Int
    /// Those that failed.
    package var attempts: Int
    package var change: Change
}

/// What an attempt has led to.
package struct DeliveryResult: Hashable, Sendable {
    package var sequence: Int
    package var isSuccess: Bool
    /// When to try again after a failure.
    package var delay: Duration
    package var status: Int?
    package var answer: String?

    package init(sequence: Int, isSuccess: Bool, delay: Duration = .zero, status: Int?, answer: String?) {
        self.sequence = sequence
        self.isSuccess = isSuccess
        self.delay = delay
        self.status = status
        self.answer = answer
    }
}

package enum DeliveryState: String, CaseIterable, Sendable, PostgresTextEncodable, PostgresDecodable {
    /// Not tried yet.
    case pending
    /// Has failed, and will be tried again.
    case retrying
    case delivered
    /// Has failed for three days.
    case dead
}

/// A delivery as operators see it.
package struct WebhookDelivery: Hashable, Sendable {
    package var sequence: Int
    package var state: DeliveryState
    package var attempts: Int
    package var status: Int?
    package var answer: String?
    /// The id of the message, its type and its event; nil if the change was removed.
    package var message: String?
    package var type: ChangeType?
    package var event: String?
    package var createdAt: Timestamp
    package var attemptedAt: Timestamp?
    package var nextAt: Timestamp?
}
