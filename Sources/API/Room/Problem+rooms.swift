import Domain
import Runtime

/// The problems of waiting rooms.
extension Problem {
    /// The text is not one of a place, or not of this installation.
    static var placeNotFound: Problem { Problem(.placeNotFound, "There is no such place.") }

    static func noRoom(_ event: EventID) -> Problem {
        Problem(.noRoom, "The event '\(event)' has no waiting room: buy without a pass.")
    }

    static func roomNotOpen(_ opensAt: Timestamp, now: Timestamp) -> Problem {
        let seconds = max(1, Int((opensAt.milliseconds - now.milliseconds + 999) / 1000))
        return Problem(
            .roomNotOpen, "The waiting room opens at \(RFC3339.text(opensAt)).", retryAfterSeconds: seconds
        )
        .with("opens_at", .string(RFC3339.text(opensAt)))
    }

    /// The ledger has to allow further places first.
    static var roomBusy: Problem {
        Problem(.roomBusy, "Too many people are joining; nothing was changed. Try again.", retryAfterSeconds: 1)
    }

    static var passInvalid: Problem {
        Problem(.passInvalid, "The pass is not one of this event, this customer and this sale.")
    }
}
