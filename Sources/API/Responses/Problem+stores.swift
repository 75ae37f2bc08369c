import Domain
import Runtime

/// The problems that failures of the stores are reported as.
extension Problem {
    /// A store does not respond, and nothing was changed.
    static var storeUnavailable: Problem {
        Problem(.storeUnavailable, "A store does not respond; nothing was changed. Try again.", retryAfterSeconds: 1)
    }

    /// A store did not respond in time. Whether the change was made is not known.
    static var outcomeUnknown: Problem {
        Problem(
            .storeUnavailable, "A store did not respond in time; whether the change was made is not known.",
            retryAfterSeconds: 1)
    }

    /// The response to the claim was lost. The order may exist with the purchase's id; if the request had an idempotency
    /// key, it may be the order of an earlier request with the key.
    static func claimUnknown(_ purchase: Purchase) -> Problem {
        guard !purchase.id.isMadeFromKey else {
            return Problem(
                .storeUnavailable,
                "The response to the claim was lost. Retry with the same Idempotency-Key: it leads to one order.",
                retryAfterSeconds: 1)
        }
        return Problem(
            .storeUnavailable,
            "The response to the claim was lost. The order may exist: check status_url before you buy again.",
            retryAfterSeconds: 1
        )
        .with("ticket_id", .string(purchase.id.description)).with("status_url", .string("/orders/\(purchase.id)"))
    }
}
