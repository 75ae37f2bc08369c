/// The counters of an event.
package struct UnitCounts: Hashable, Sendable {
    package var available = 0
    package var pending = 0
    package var held = 0
    package var sold = 0

    package init(available: Int = 0, pending: Int = 0, held: Int = 0, sold: Int = 0) {
        self.available = available
        self.pending = pending
        self.held = held
        self.sold = sold
    }

    package static func - (left: UnitCounts, right: UnitCounts) -> UnitCounts {
        UnitCounts(
            available: left.available - right.available, pending: left.pending - right.pending,
            held: left.held - right.held, sold: left.sold - right.sold)
    }

    /// Adds an order's units to the counter of its state. Units of a waiting, rejected, cancelled or expired order
    /// are not counted.
    package mutating func count(_ state: OrderState?, _ units: Int) {
        switch state {
        case .pending: pending += units
        case .held: held += units
        case .confirmed: sold += units
        case .waiting, .rejected, .cancelled, .expired, nil: break
        }
    }
}
