@testable import Domain

/// The order of offers, and what walk-ins may buy.
extension ListVerdict {
    /// A place, and the time during which it certainly was on the list.
    struct Wait {
        let id: OrderID
        let quantity: Int
        let begun: Int64
        /// When its offer was made or its customer may have left.
        let ended: Int64
        /// When its last offer was made.
        let offered: Int64?
    }

    static func waits(_ requests: [OrderID: [ListRequest]], _ state: ListState) -> [Wait] {
        state.rows.filter(\.value.isPlace).map { id, row in
            let offered = row.expiresAt.map { $0 - state.offer }
            var ended = offered ?? .max
            for request in requests[id] ?? [] {
                if request.kind == .leave { ended = min(ended, request.begun) }
                // Of an offer that was lost.
                if case .order(.held, _, let end?) = request.outcome { ended = min(ended, end - state.offer) }
            }
            return Wait(id: id, quantity: row.quantity, begun: row.claimedAt, ended: ended, offered: offered)
        }
    }

    /// First fit: an offer is the earliest place's that wants no more. Times are the Redis server's; within one millisecond,
    /// nothing is known of the order.
    mutating func checkOrder(_ waits: [Wait], _ state: ListState) {
        for next in waits {
            guard let time = next.offered, !state.isUncertain(time) else { continue }
            for other in waits where other.begun < next.begun && other.ended > time && other.quantity <= next.quantity {
                outOfOrder.append("\(next.id) of \(next.begun) at \(time) before \(other.id) of \(other.begun)")
            }
        }
        for (id, row) in state.rows where !row.isPlace && !state.isUncertain(row.claimedAt) {
            for other in waits
            where other.begun < row.claimedAt && other.ended > row.claimedAt && other.quantity <= row.quantity {
                overtaken.append("\(id) at \(row.claimedAt) before \(other.id) of \(other.begun)")
            }
        }
    }
}
