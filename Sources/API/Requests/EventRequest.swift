import Domain
import Engine
import NIOCore
import Runtime
import Timing

/// The body of `PUT /events/{id}`. An omitted field is unchanged.
struct EventRequest {
    private static let fields: Set<String> = [
        "name", "capacity", "per_customer_limit", "max_quantity", "hold_seconds", "max_orders", "max_holds",
        "hold_pause_seconds", "waitlist", "offer_seconds", "admission_rate", "pass_seconds", "lobby_opens_at",
        "opens_at", "closes_at", "paused",
        "archived",
    ]

    var change = EventChange()

    init(_ body: ByteBuffer) throws(Problem) {
        guard let object = try StrictObject.read(body, fields: Self.fields) else {
            throw .invalid(nil, "A body is required: a JSON object with the fields to change.")
        }
        change.name = try object.text("name")
        if let name = change.name {
            guard (1...200).contains(name.unicodeScalars.count), !name.unicodeScalars.contains("\0") else {
                throw .invalid("name", "name must be 1 to 200 characters.")
            }
        }
        change.capacity = try object.integer("capacity", in: EventTerms.capacityRange)
        change.maxQuantity = try object.integer("max_quantity", in: EventTerms.maxQuantityRange)
        change.customerLimit = try object.integerOrNull("per_customer_limit", in: EventTerms.customerLimitRange)
        change.holdSeconds = try object.integerOrNull("hold_seconds", in: 0...EventTerms.holdSecondsRange.upperBound)
        // A hold time of 0 means no hold.
        if change.holdSeconds == .some(0) { change.holdSeconds = .some(nil) }
        change.maxOrders = try object.integerOrNull("max_orders", in: EventTerms.maxOrdersRange)
        change.maxHolds = try object.integerOrNull("max_holds", in: EventTerms.maxHoldsRange)
        change.holdPauseSeconds = try object.integerOrNull("hold_pause_seconds", in: EventTerms.holdPauseSecondsRange)
        change.hasWaitlist = try object.boolean("waitlist")
        change.offerSeconds = try object.integerOrNull("offer_seconds", in: EventTerms.offerSecondsRange)
        change.admissionRate = try object.integerOrNull("admission_rate", in: EventTerms.admissionRateRange)
        change.passSeconds = try object.integer("pass_seconds", in: EventTerms.passSecondsRange)
        change.lobbyOpensAt = try Self.time("lobby_opens_at", in: object)
        change.opensAt = try Self.time("opens_at", in: object)
        change.closesAt = try Self.time("closes_at", in: object)
        change.paused = try object.boolean("paused")
        change.archived = try object.boolean("archived")
    }

    /// A time, or null to remove it; nil if the field is absent.
    private static func time(_ name: String, in object: StrictObject) throws(Problem) -> Timestamp?? {
        guard object.has(name) else { return nil }
        if object.isNull(name) { return .some(nil) }
        guard let text = try object.text(name), let time = RFC3339.timestamp(text), time.milliseconds >= 0 else {
            throw .invalid(name, "\(name) must be a time such as 2026-12-31T20:00:00Z, or null.")
        }
        return .some(time)
    }
}

/// The body of `POST /reset`.
struct ResetRequest {
    var event = EventID.demo
    var capacity: Int?

    init(_ body: ByteBuffer) throws(Problem) {
        guard let object = try StrictObject.read(body, fields: ["event", "capacity"]) else { return }
        if let event = try EventID(in: object) { self.event = event }
        capacity = try object.integer("capacity", in: EventTerms.capacityRange)
    }
}

/// The body of `POST /admin/reconcile` and of `POST /admin/dead-letters/requeue`.
struct SelectionRequest {
    /// Nil: all events.
    var event: EventID?
    /// The subject in the audit trail.
    var subject: String { event?.description ?? "*" }

    init(_ body: ByteBuffer) throws(Problem) {
        event = try StrictObject.read(body, fields: ["event"]).flatMap { (object) throws(Problem) in
            try EventID(in: object)
        }
    }
}
