import HTTPTypes
import Shared

/// What a client is told of a refusal or a failure.
extension Problem {
    init(_ refusal: Refusal, event: EventID) {
        switch refusal {
        case .eventUnknown:
            self.init(.eventNotFound, "There is no event '\(event)'.")
        case .recovering:
            self.init(.recovering, "The event's stock is being recovered; try again.", retryAfterSeconds: 1)
        case .scheduled(let opensAt, let now):
            let wait = max(1, Int((opensAt.milliseconds - now.milliseconds + 999) / 1000))
            self.init(.notOnSale, "The sale opens at \(RFC3339.text(opensAt)).", retryAfterSeconds: wait)
            extras.append(("state", .string(EventStatus.scheduled.rawValue)))
        case .paused:
            self.init(.notOnSale, "The sale is paused.")
            extras.append(("state", .string(EventStatus.paused.rawValue)))
        case .closed:
            self.init(.notOnSale, "The sale is over.")
            extras.append(("state", .string(EventStatus.closed.rawValue)))
        case .quantityAboveMaximum(let maximum):
            self = .invalid("quantity", "quantity must be at most \(maximum) for this event.")
        case .queueFull:
            self.init(.queueFull, "Too many orders wait to be recorded; try again.", retryAfterSeconds: 1)
        case .insufficientStock(let available):
            self.init(.insufficientStock, "Only \(available) left.")
            extras.append(("available", .integer(available)))
        case .soldOut:
            self.init(.soldOut, "No tickets are left.")
        }
    }

    init(_ error: CatalogueError, event: EventID) {
        switch error {
        case .eventUnknown:
            self.init(.eventNotFound, "There is no event '\(event)'.")
        case .invalid(let field, let reason):
            self = .invalid(field, "\(reason).")
        case .capacityInUse(let claimed):
            let count = claimed.map { "\($0) tickets" } ?? "More tickets"
            self.init(.capacityInUse, "\(count) are sold, held or on their way; the capacity stays as it was.")
            if let claimed { extras.append(("claimed", .integer(claimed))) }
        case .recovering:
            self.init(.recovering, "The event's stock is being recovered; try again.", retryAfterSeconds: 1)
        case .notInEffectYet:
            self.init(
                .storeUnavailable, "The change is saved and takes effect as soon as the stores answer again.",
                retryAfterSeconds: 1)
        }
    }

    /// A store does not answer, and nothing was changed.
    static var storeUnavailable: Problem {
        Problem(.storeUnavailable, "A store does not answer; nothing was changed. Try again.", retryAfterSeconds: 1)
    }

    /// A store did not answer in time, and whether it did as asked is not known.
    static var outcomeUnknown: Problem {
        Problem(
            .storeUnavailable, "A store did not answer in time; whether the change was made is not known.",
            retryAfterSeconds: 1)
    }

    /// The claim's answer was lost: the order may exist, under this id.
    static func claimUnknown(_ id: OrderID) -> Problem {
        Problem(
            .storeUnavailable,
            "The answer to the claim was lost. The order may have been taken: look at status_url before you buy again.",
            retryAfterSeconds: 1
        )
        .with("ticket_id", .string(id.description)).with("status_url", .string("/orders/\(id)"))
    }
}
