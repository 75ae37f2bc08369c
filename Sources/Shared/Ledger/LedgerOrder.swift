package import Domain

/// The row of an order.
package struct LedgerOrder: Hashable, Sendable {
    package var id: OrderID
    package var event: EventID
    package var customer: String?
    package var quantity: Int
    package var state: OrderState
    /// The state that the row had before, if it had another one.
    package var previousState: OrderState?
    package var reason: String?
    package var version: Int
    package var claimedAt: Timestamp
    package var confirmedAt: Timestamp?
    package var expiresAt: Timestamp?
    /// When the row was written last, measured with the PostgreSQL server's clock.
    package var recordedAt: Timestamp

    package init(
        id: OrderID, event: EventID, customer: String? = nil, quantity: Int = 1, state: OrderState,
        previousState: OrderState? = nil, reason: String? = nil, version: Int = 1, claimedAt: Timestamp,
        confirmedAt: Timestamp? = nil, expiresAt: Timestamp? = nil, recordedAt: Timestamp
    ) {
        self.id = id
        self.event = event
        self.customer = customer
        self.quantity = quantity
        self.state = state
        self.previousState = previousState
        self.reason = reason
        self.version = version
        self.claimedAt = claimedAt
        self.confirmedAt = confirmedAt
        self.expiresAt = expiresAt
        self.recordedAt = recordedAt
    }
}

/// The ids that the orders of an event can have.
///
/// An id begins with the time at which its API made it, by the clock of that machine. The bounds are a day wider than the times
/// of the event's row, so that a clock that is wrong by hours hides no order.
package struct EventOrderRange: Hashable, Sendable {
    private static let margin: Int64 = 86_400_000

    package let event: EventID
    /// The lowest id.
    package let first: OrderID
    /// All ids are lower.
    package let end: OrderID

    /// - Parameters:
    ///   - createdAt: when the row was created.
    ///   - updatedAt: when it changed last, which it does with each order that reaches the ledger.
    package init(_ event: EventID, createdAt: Timestamp, updatedAt: Timestamp) {
        self.event = event
        first = OrderID(milliseconds: UInt64(max(0, createdAt.milliseconds - Self.margin)), partition: 0, random: 0)
        end = OrderID(milliseconds: UInt64(max(0, updatedAt.milliseconds + Self.margin)), partition: 0, random: 0)
    }
}

/// Which orders are listed. A member that is nil excludes none.
package struct OrderFilter: Hashable, Sendable {
    package var event: EventOrderRange?
    package var customer: String?
    package var state: OrderState?

    package init(event: EventOrderRange? = nil, customer: String? = nil, state: OrderState? = nil) {
        self.event = event
        self.customer = customer
        self.state = state
    }
}
