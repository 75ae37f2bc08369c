package import Domain
import Hashing

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
        var text: [UInt8] = []
        for part in [event.description, customer ?? ""] {
            text += part.utf8
            text.append(0)
        }
        text += key.utf8
        return SHA256Digest(text).first64Bits
    }
}
