import Domain
import Engine
import HTTPTypes
import RedisSchema
import Runtime
import Timing

/// The problems that refusals and failures are reported as.
extension Problem {
    /// No route has the path.
    static var routeNotFound: Problem { Problem(.routeNotFound, "No route has this path.") }

    /// No dead letter has the id.
    static var deadLetterNotFound: Problem {
        Problem(.deadLetterNotFound, "There is no dead letter with this id.")
    }

    /// No order has the id.
    static func orderNotFound(_ id: OrderID) -> Problem {
        Problem(.orderNotFound, "There is no order '\(id)'.")
    }

    /// The refusal of a claim.
    init(_ refusal: Refusal, event: EventID) {
        let code = ProblemCode(refusal)
        switch refusal {
        case .eventUnknown:
            self.init(code, "There is no event '\(event)'.")
        case .recovering:
            self.init(code, "The event's stock is being recovered; try again.", retryAfterSeconds: 1)
        case .scheduled(let opensAt, let now):
            self.init(
                code, "The sale opens at \(RFC3339.text(opensAt)).",
                retryAfterSeconds: Self.seconds(from: now, until: opensAt))
            extras.append(("state", .string(EventStatus.scheduled.rawValue)))
        case .paused:
            self.init(code, "The sale is paused.")
            extras.append(("state", .string(EventStatus.paused.rawValue)))
        case .closed:
            self.init(code, "The sale is closed.")
            extras.append(("state", .string(EventStatus.closed.rawValue)))
        case .quantityAboveMaximum(let maximum):
            self = .invalid("quantity", "quantity must be at most \(maximum) for this event.")
        case .customerRequired:
            self = .invalid("customer", "This event has a limit for each customer: customer is required.")
        case .customerLimit(let limit, let available):
            self.init(
                code, "The limit for each customer is \(limit); this customer can buy \(available) more.")
            extras += [("limit", .integer(limit)), ("available", .integer(available))]
        case .orderLimit(let limit):
            self.init(
                code,
                "The limit for each customer or client address is \(limit) orders of this event; cancelled ones count.")
            extras.append(("limit", .integer(limit)))
        case .holdLimit(let limit):
            self.init(
                code,
                "The limit for each customer or client address is \(limit) holds at one time; confirm or cancel one.")
            extras.append(("limit", .integer(limit)))
        case .holdPaused(let end, let now):
            self.init(
                code, "Holds of this customer or client address lapsed; it can hold again at \(RFC3339.text(end)).",
                retryAfterSeconds: Self.seconds(from: now, until: end))
        case .queueFull:
            self.init(code, "Too many orders are queued; try again.", retryAfterSeconds: 1)
        case .insufficientStock(let available):
            self.init(code, "Only \(available) left.")
            extras.append(("available", .integer(available)))
        case .allHeld(let end, let now):
            self.init(
                code, "All remaining tickets are held; the next hold expires at \(RFC3339.text(end)).",
                retryAfterSeconds: Self.seconds(from: now, until: end))
        case .soldOut:
            self.init(code, "No tickets are left.")
        case .passRequired:
            self.init(
                code, "This event has a waiting room: get a place with POST /events/\(event)/room, and send its pass.")
        case .passInvalid:
            self = .passInvalid
        case .passExpired:
            self.init(code, "The pass has expired; join the waiting room again.")
        case .passUsed(let available):
            self.init(code, "Only \(available) more can be bought with this pass.")
            extras.append(("available", .integer(available)))
        case .idempotencyKeyReused:
            self.init(
                code,
                "This Idempotency-Key was used before with another quantity; use a new key.")
        case .noWaitlist:
            self.init(code, "The event '\(event)' has no waiting list.")
        case .available(let units):
            self.init(code, "\(units) tickets are available; buy them instead of waiting.")
            extras.append(("available", .integer(units)))
        case .waitlistFull(let limit):
            self.init(code, "The waiting list has \(limit) places, which is its limit.")
            extras.append(("limit", .integer(limit)))
        case .onWaitlist(let order):
            self.init(code, "This customer has a place on the waiting list already.")
            extras.append(("ticket_id", .string(order.description)))
        }
    }

    /// Whole seconds until a moment, at least 1.
    private static func seconds(from now: Timestamp, until moment: Timestamp) -> Int {
        max(1, Int((moment.milliseconds - now.milliseconds + 999) / 1000))
    }

    /// The order's state does not allow the transition.
    init(_ order: Order, against transition: OrderTransition) {
        let isPending = order.state == .pending
        let detail =
            switch (isPending, transition) {
            case (true, .confirm): "The order is pending and has no hold; there is nothing to confirm."
            case (true, _): "The order is pending; it can be cancelled once it is confirmed."
            case (false, .confirm): "The order is \(order.state.rawValue); it cannot be confirmed."
            case (false, _): "The order is \(order.state.rawValue); it cannot be cancelled."
            }
        self.init(.orderState, detail, retryAfterSeconds: isPending ? 1 : nil)
        extras.append(("state", .string(order.state.rawValue)))
    }

    /// The hold has expired, whether or not its units are for sale again.
    static var holdExpired: Problem {
        Problem(.holdExpired, "The hold of this order has expired; buy again.")
            .with("state", .string(OrderState.expired.rawValue))
    }

    /// The refusal or failure of a change of an event.
    init(_ error: CatalogueError, event: EventID) {
        switch error {
        case .eventUnknown:
            self.init(.eventNotFound, "There is no event '\(event)'.")
        case .invalid(let field, let reason):
            self = .invalid(field, "\(reason).")
        case .capacityInUse(let claimed):
            let count = claimed.map { "\($0) tickets" } ?? "More tickets"
            self.init(.capacityInUse, "\(count) are sold, held or pending; the capacity is unchanged.")
            if let claimed { extras.append(("claimed", .integer(claimed))) }
        case .recovering:
            self.init(.recovering, "The event's stock is being recovered; try again.", retryAfterSeconds: 1)
        case .releasesInFlight:
            self.init(
                .storeUnavailable,
                "Released tickets are in flight to the ledger; nothing was changed. Try again.",
                retryAfterSeconds: 1)
        case .unitsHeld(let units):
            self.init(
                .eventInUse, "\(units) tickets are held; an event can be archived when its holds have ended.")
            extras.append(("held", .integer(units)))
        case .placesTaken(let places):
            self.init(
                .eventInUse,
                "The waiting list has \(places) places; an event can be archived when they have ended, which the end of the sale does."
            )
            extras.append(("waiting", .integer(places)))
        case .ordersInFlight:
            self.init(
                .eventInUse,
                "Orders of this event are queued or dead letters; nothing was changed. Try again when the ledger has them.",
                retryAfterSeconds: 1)
        case .hasOrders:
            self.init(.eventHasOrders, "The event has orders, so it cannot be deleted; it can be archived.")
        case .archived:
            self.init(.eventArchived, "The event is archived; put it with \"archived\": false first.")
        case .preconditionFailed(let present):
            self.init(
                .preconditionFailed,
                present == nil
                    ? "There is no event '\(event)'; nothing was changed."
                    : "The event has changed, or exists already; nothing was changed. Get it again.")
            if let present { headers[.eTag] = EntityTag(present).description }
        case .notInEffectYet:
            self.init(
                .storeUnavailable, "The change is saved and takes effect as soon as the stores respond again.",
                retryAfterSeconds: 1)
        }
    }

    /// Redis lost data or has just started. Nothing is sold until it agrees with the ledger.
    static var redisIsRecovering: Problem {
        Problem(
            .recovering, "Redis is being compared with the ledger; nothing was changed. Try again.",
            retryAfterSeconds: 1)
    }

    /// The event's orders are not backfilled yet.
    static func eventIsRecovering(retryAfterSeconds: Int) -> Problem {
        Problem(
            .recovering, "The event is being backfilled from the ledger; nothing was changed. Try again.",
            retryAfterSeconds: retryAfterSeconds)
    }

    /// The recovery of Redis is not complete.
    init(_ progress: RecoveryProgress) {
        guard progress.phase == .backfilling else {
            self = .redisIsRecovering
            extras.append(("phase", .string(progress.phase.rawValue)))
            return
        }
        self.init(
            .recovering,
            "Events are being backfilled from the ledger: \(progress.done) of \(progress.total) tickets.",
            retryAfterSeconds: progress.remainingSeconds)
        extras += [
            ("phase", .string(progress.phase.rawValue)), ("done", .integer(progress.done)),
            ("total", .integer(progress.total)),
        ]
    }
}
