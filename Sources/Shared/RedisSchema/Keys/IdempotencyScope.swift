import Crypto
import Domain

/// The scope of an idempotency key: the same key of another customer or for another event is a different key.
package struct IdempotencyScope: Hashable {
    package var event: EventID
    package var customer: String?
    package var key: String

    package init(event: EventID, customer: String?, key: String) {
        self.event = event
        self.customer = customer
        self.key = key
    }

    /// The first 64 bits of the SHA-256 of event, customer and key, with a zero byte after event and customer, which
    /// cannot contain one. It must be the same in every process and release, because stored orders are found by it.
    package var hash: UInt64 {
        var hasher = SHA256()
        for part in [event.description, customer ?? ""] {
            hasher.update(data: Array(part.utf8))
            hasher.update(data: [0])
        }
        hasher.update(data: Array(key.utf8))
        return hasher.finalize().prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
    }
}
