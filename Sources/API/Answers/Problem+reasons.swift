import Domain
import Engine
import HTTPTypes
import RedisSchema
import Runtime
import Timing

/// What a client is told of a refusal or a failure.
extension Problem {
    init(_ refusal: Refusal, event: EventID) {
        switch refusal {
        case .eventUnknown:
            self.init(.eventNotFound, "There is no event '\(event)'.")
        case .recovering:
            self.init(.recovering, "The event's stock is being recovered; try again.", retryAfterSeconds: 1)
        case .scheduled(let opensAt, let now):
            self.init(
                .notOnSale, "The sale opens at \(RFC3339.text(opensAt)).",
                retryAfterSeconds: Self.seconds(from: now, until: opensAt))
            extras.append(("state", .string(EventStatus.scheduled.rawValue)))
        case .paused:
            self.init(.notOnSale, "The sale is paused.")
            extras.append(("state", .string(EventStatus.paused.rawValue)))
        case .closed:
            self.init(.notOnSale, "The sale is over.")
            extras.append(("state", .string(EventStatus.closed.rawValue)))
        case .quantityAboveMaximum(let maximum):
            self = .invalid("quantity", "quantity must be at most \(maximum) for this event.")
        case .customerRequired:
            self = .invalid("customer", "This event has a limit for each customer: customer is needed.")
        case .customerLimit(let limit, let available):
            self.init(.customerLimit, "A customer may have \(limit) at most; this one may have \(available) more.")
            extras += [("limit", .integer(limit)), ("available", .integer(available))]
        case .queueFull:
            self.init(.queueFull, "Too many orders wait to be recorded; try again.", retryAfterSeconds: 1)
        case .insufficientStock(let available):
            self.init(.insufficientStock, "Only \(available) left.")
            extras.append(("available", .integer(available)))
        case .allHeld(let end, let now):
            self.init(
                .allHeld, "All that is left is held; some may come back at \(RFC3339.text(end)).",
                retryAfterSeconds: Self.seconds(from: now, until: end))
        case .soldOut:
            self.init(.soldOut, "No tickets are left.")
        case .idempotencyKeyReused:
            self.init(
                .idempotencyKeyReused, "This Idempotency-Key was sent before with another quantity; use a new one.")
        }
    }

    /// Whole seconds until a moment, one at least.
    private static func seconds(from now: Timestamp, until moment: Timestamp) -> Int {
        max(1, Int((moment.milliseconds - now.milliseconds + 999) / 1000))
    }

    /// What stands against confirming or cancelling an order.
    init(_ order: Order, against transition: OrderTransition) {
        let isPending = order.state == .pending
        let detail =
            switch (isPending, transition) {
            case (true, .confirm): "The order is on its way to the ledger; without a hold there is nothing to confirm."
            case (true, _): "The order is on its way to the ledger; it can be cancelled once it is confirmed."
            case (false, .confirm): "The order is \(order.state.rawValue); it cannot be confirmed."
            case (false, _): "The order is \(order.state.rawValue); it cannot be cancelled."
            }
        self.init(.orderState, detail, retryAfterSeconds: isPending ? 1 : nil)
        extras.append(("state", .string(order.state.rawValue)))
    }

    /// The hold's time is over, whether or not its units are back for sale yet.
    static var holdExpired: Problem {
        Problem(.holdExpired, "The time to confirm this order is over; buy again.")
            .with("state", .string(OrderState.expired.rawValue))
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
        case .releasesInFlight:
            self.init(
                .storeUnavailable,
                "Tickets that were given back are on their way to the ledger; nothing was changed. Try again.",
                retryAfterSeconds: 1)
        case .notInEffectYet:
            self.init(
                .storeUnavailable, "The change is saved and takes effect as soon as the stores answer again.",
                retryAfterSeconds: 1)
        }
    }

    /// Redis has lost something, or has only just started: nothing is sold before that is put right.
    static var redisIsRecovered: Problem {
        Problem(
            .recovering, "Redis is being compared with the ledger; nothing was changed. Try again.",
            retryAfterSeconds: 1)
    }

    /// What hangs on the event's orders is not filled in yet.
    static func eventIsRecovered(_ seconds: Int) -> Problem {
        Problem(
            .recovering, "The event is being filled in from the ledger; nothing was changed. Try again.",
            retryAfterSeconds: seconds)
    }

    /// Not everything is on sale yet.
    init(_ progress: RecoveryProgress) {
        guard progress.phase == .backfilling else {
            self = .redisIsRecovered
            extras.append(("phase", .string(progress.phase.rawValue)))
            return
        }
        self.init(
            .recovering,
            "Events are being filled in from the ledger: \(progress.done) of \(progress.total) tickets.",
            retryAfterSeconds: progress.remainingSeconds)
        extras += [
            ("phase", .string(progress.phase.rawValue)), ("done", .integer(progress.done)),
            ("total", .integer(progress.total)),
        ]
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

    /// The claim's answer was lost: the order may exist, under the purchase's id, or the one that its key led to before.
    static func claimUnknown(_ purchase: Purchase) -> Problem {
        guard !purchase.id.isMadeFromKey else {
            return Problem(
                .storeUnavailable,
                "The answer to the claim was lost. Send it again with the same Idempotency-Key: it leads to one order.",
                retryAfterSeconds: 1)
        }
        return Problem(
            .storeUnavailable,
            "The answer to the claim was lost. The order may have been taken: look at status_url before you buy again.",
            retryAfterSeconds: 1
        )
        .with("ticket_id", .string(purchase.id.description)).with("status_url", .string("/orders/\(purchase.id)"))
    }
}
