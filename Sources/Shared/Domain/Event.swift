/// The id of an event: 1 to 64 ASCII letters, digits, `.`, `_` and `-`, the first a letter or digit.
///
/// The alphabet keeps ids safe in keys, URLs, JSON and log lines without escaping.
package struct EventID: Hashable, Sendable, CustomStringConvertible {
    package let description: String

    /// Nil where `text` is not of that form.
    package init?(_ text: some StringProtocol) {
        var length = 0
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"):
                break
            case UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"):
                guard length > 0 else { return nil }
            default:
                return nil
            }
            length += 1
            guard length <= 64 else { return nil }
        }
        guard length > 0 else { return nil }
        description = String(text)
    }

    private init(trusted: String) {
        description = trusted
    }

    /// The event that exists wherever `DEMO=true`.
    package static let demo = EventID(trusted: "demo")
    /// The event that the lab sells by the real path, wherever `DEMO=true`.
    package static let lab = EventID(trusted: "lab-queue")
}

/// What an organiser says about an event.
package struct EventTerms: Hashable, Sendable {
    /// Bounds on what can be said; the ledger's CHECK constraints repeat them.
    package static let capacityRange = 0...1_000_000_000
    package static let maxQuantityRange = 1...1000
    package static let customerLimitRange = 1...1_000_000
    package static let holdSecondsRange = 1...604_800

    package var name: String
    /// Units that exist.
    package var capacity: Int
    /// The most units one order may ask for.
    package var maxQuantity: Int
    /// The most units that one customer may have in all orders together; nil: as many as there are.
    package var customerLimit: Int?
    /// How long an order is held until its customer confirms it; nil: it is sold at once.
    package var holdSeconds: Int?
    /// On sale from this moment on; nil: from the start.
    package var opensAt: Timestamp?
    /// On sale until this moment; nil: until sold out.
    package var closesAt: Timestamp?
    package var paused: Bool

    package init(
        name: String, capacity: Int, maxQuantity: Int = 10, customerLimit: Int? = nil, holdSeconds: Int? = nil,
        opensAt: Timestamp? = nil, closesAt: Timestamp? = nil, paused: Bool = false
    ) {
        self.name = name
        self.capacity = capacity
        self.maxQuantity = maxQuantity
        self.customerLimit = customerLimit
        self.holdSeconds = holdSeconds
        self.opensAt = opensAt
        self.closesAt = closesAt
        self.paused = paused
    }
}

/// An event and where its units are. At rest `capacity == available + held + pending + sold`.
package struct EventReport: Hashable, Sendable {
    package var id: EventID
    package var terms: EventTerms
    package var available: Int
    package var held: Int
    /// Claimed and acknowledged, not yet in the ledger.
    package var pending: Int
    package var sold: Int
    package var status: EventStatus

    package init(
        id: EventID, terms: EventTerms, available: Int, held: Int, pending: Int, sold: Int, status: EventStatus
    ) {
        self.id = id
        self.terms = terms
        self.available = available
        self.held = held
        self.pending = pending
        self.sold = sold
        self.status = status
    }
}

/// Whether an event sells, and why not.
package enum EventStatus: String, Sendable {
    case scheduled, open, paused
    case soldOut = "sold_out"
    case closed

    /// Decides the status at a moment. Times come first: a closed event is closed though it is also sold out.
    package init(terms: EventTerms, available: Int, at now: Timestamp) {
        if let closes = terms.closesAt, now >= closes {
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
