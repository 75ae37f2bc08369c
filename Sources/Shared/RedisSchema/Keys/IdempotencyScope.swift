import Crypto
import Domain

/// What an idempotency key belongs to: the same key of another customer or for another event is another key.
package struct IdempotencyScope: Hashable {
    package var event: EventID
    package var customer: String?
    package var key: String

    package init(event: EventID, customer: String?, key: String) {
        self.event = event
        self.customer = customer
        self.key = key
    }

    /// The first 64 bits of the SHA-256 of event, customer and key, with a zero byte after each of the first two, which
    /// neither can hold. The same in every process and release: stored orders are found by it.
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
