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

    /// The first 64 bits of the HMAC-SHA-256 of event, customer and key, with a zero byte after event and customer, which
    /// cannot contain one. It must be the same in every process and release, because stored orders are found by it.
    func hash(_ function: HMACSHA256) -> UInt64 {
        function.code { message in
            message.append(event.description)
            message.append(0)
            if let customer { message.append(customer) }
            message.append(0)
            message.append(key)
        }.first64Bits
    }

    /// The same with SHA-256, which needs no secret: the ids of releases before migration 7.
    package var plainHash: UInt64 {
        var text: [UInt8] = []
        for part in [event.description, customer ?? ""] {
            text += part.utf8
            text.append(0)
        }
        text += key.utf8
        return SHA256Digest(text).first64Bits
    }
}
