/// The id of an event: 1 to 64 ASCII letters, digits, `.`, `_` and `-`; the first is a letter or a digit.
///
/// These characters need no escaping in keys, URLs, JSON and log lines.
package struct EventID: Hashable, Sendable, CustomStringConvertible {
    package let description: String

    /// Nil if `text` does not have this form.
    package init?(_ text: String) {
        guard Self.isValid(text.utf8) else { return nil }
        description = text
    }

    package init?(_ text: Substring) {
        guard Self.isValid(text.utf8) else { return nil }
        description = String(text)
    }

    /// The same for the bytes of a text.
    package init?(utf8 bytes: UnsafeBufferPointer<UInt8>) {
        guard Self.isValid(bytes) else { return nil }
        description = String(decoding: bytes, as: UTF8.self)
    }

    private static func isValid(_ bytes: some Sequence<UInt8>) -> Bool {
        var length = 0
        for byte in bytes {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"):
                break
            case UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"):
                guard length > 0 else { return false }
            default:
                return false
            }
            length += 1
            guard length <= 64 else { return false }
        }
        return length > 0
    }

    private init(trusted: String) {
        description = trusted
    }

    /// The event that the API creates if `DEMO=true`.
    package static let demo = EventID(trusted: "demo")
    /// The event that the lab sells with the queue strategy if `DEMO=true`.
    package static let lab = EventID(trusted: "lab-queue")
}

/// The settings of an event.
package struct EventTerms: Hashable, Sendable {
    /// The valid ranges; the CHECK constraints of the ledger repeat them.
    package static let capacityRange = 0...1_000_000_000
    package static let maxQuantityRange = 1...1000
    package static let customerLimitRange = 1...1_000_000
    package static let holdSecondsRange = 1...604_800
    package static let maxOrdersRange = 1...1_000_000
    package static let maxHoldsRange = 1...1_000_000
    package static let holdPauseSecondsRange = 1...3600
    package static let offerSecondsRange = 10...604_800
    /// How long an offer to a place on the waiting list is held if neither the offer nor the event has a hold time.
    package static let defaultOfferSeconds = 600
    /// Places on the waiting list of one event.
    package static let waitlistLimit = 100_000
    package static let admissionRateRange = 1...100_000
    package static let passSecondsRange = 10...3600

    package var name: String
    /// Units that exist.
    package var capacity: Int
    /// The maximum number of units in one order.
    package var maxQuantity: Int
    /// The maximum number of units of one customer in all orders; nil: no limit.
    package var customerLimit: Int?
    /// How long an order is held for confirmation; nil: orders are sold at once.
    package var holdSeconds: Int?
    /// The maximum number of orders of one customer, or of one client address that buys without a customer, in this
    /// generation; cancelled orders count. Nil: no limit.
    package var maxOrders: Int?
    /// The maximum number of holds under way of one customer, or of one client address that buys without a customer; nil: no
    /// limit.
    package var maxHolds: Int?
    /// The first pause after a hold that lapsed, during which its holder can hold nothing. It doubles with each hold that
    /// lapses in a row, up to an hour. Nil: no pause.
    package var holdPauseSeconds: Int?
    /// Whether customers can take places on a waiting list when nothing is available. Places that exist stay if this becomes
    /// false.
    package var hasWaitlist: Bool
    /// How long an offer to a place on the waiting list is held for confirmation; nil: as long as other holds, and
    /// ``defaultOfferSeconds`` if the event has none.
    package var offerSeconds: Int?
    /// People a second that the waiting room admits; nil: the event has no waiting room, and everybody can buy.
    package var admissionRate: Int?
    /// How long a pass of the waiting room is valid.
    package var passSeconds: Int
    /// When the waiting room opens its lobby, before the sale; nil: it is open as long as the event exists.
    package var lobbyOpensAt: Timestamp?
    /// The start of the sale; nil: the sale has started.
    package var opensAt: Timestamp?
    /// The end of the sale; nil: it ends when the event is sold out.
    package var closesAt: Timestamp?
    package var paused: Bool
    /// Whether the event is kept for its orders only: it sells nothing and is not in Redis.
    package var isArchived: Bool

    package init(
        name: String, capacity: Int, maxQuantity: Int = 10, customerLimit: Int? = nil, holdSeconds: Int? = nil,
        maxOrders: Int? = nil, maxHolds: Int? = nil, holdPauseSeconds: Int? = nil,
        hasWaitlist: Bool = false, offerSeconds: Int? = nil,
        admissionRate: Int? = nil, passSeconds: Int = 600, lobbyOpensAt: Timestamp? = nil,
        opensAt: Timestamp? = nil, closesAt: Timestamp? = nil, paused: Bool = false,
        isArchived: Bool = false
    ) {
        self.maxOrders = maxOrders
        self.maxHolds = maxHolds
        self.holdPauseSeconds = holdPauseSeconds
        self.hasWaitlist = hasWaitlist
        self.offerSeconds = offerSeconds
        self.admissionRate = admissionRate
        self.passSeconds = passSeconds
        self.lobbyOpensAt = lobbyOpensAt
        self.name = name
        self.capacity = capacity
        self.maxQuantity = maxQuantity
        self.customerLimit = customerLimit
        self.holdSeconds = holdSeconds
        self.opensAt = opensAt
        self.closesAt = closesAt
        self.paused = paused
        self.isArchived = isArchived
    }

    /// Whether buyers need a pass of the waiting room.
    package var hasRoom: Bool { admissionRate != nil }

    /// Whether a term counts the orders or holds of customers and client addresses.
    package var countsHolders: Bool { maxOrders != nil || maxHolds != nil || holdPauseSeconds != nil }

    /// How long an offer to a place on the waiting list is held.
    package var offerTime: Int { offerSeconds ?? holdSeconds ?? Self.defaultOfferSeconds }
}

/// An event and its counters. At rest `capacity == available + held + pending + sold`.
package struct EventReport: Hashable, Sendable {
    package var id: EventID
    package var terms: EventTerms
    package var available: Int
    package var held: Int
    /// Units of orders that are acknowledged and not yet in the ledger.
    package var pending: Int
    package var sold: Int
    /// Places on the waiting list; 0 while Redis does not have the event.
    package var waiting: Int
    package var status: EventStatus

    package init(
        id: EventID, terms: EventTerms, available: Int, held: Int, pending: Int, sold: Int, waiting: Int = 0,
        status: EventStatus
    ) {
        self.waiting = waiting
        self.id = id
        self.terms = terms
        self.available = available
        self.held = held
        self.pending = pending
        self.sold = sold
        self.status = status
    }
}

/// Whether an event is on sale, and if not, why.
package enum EventStatus: String, Sendable {
    case scheduled, open, paused
    case soldOut = "sold_out"
    case closed

    /// The status at a time. The times have precedence: a closed event that is also sold out is closed. An archived event
    /// is closed.
    package init(terms: EventTerms, available: Int, at now: Timestamp) {
        if terms.isArchived {
            self = .closed
        } else if let closes = terms.closesAt, now >= closes {
            self = .closed
        } else if terms.paused {
            self = .paused
        } else if let opens = terms.opensAt, now < opens {
            self = .scheduled
        } else {
            self = available > 0 ? .open : .soldOut
        }
    }
}
