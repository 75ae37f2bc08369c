import Domain
import Ledger

/// The states of an order in the order in which it had them, as far as the stores know. A value without I/O.
struct OrderHistory: Hashable {
    struct Step: Hashable {
        var state: OrderState
        /// Nil if it is not known: Redis does not note when an order is cancelled.
        var at: Timestamp?
    }

    private(set) var steps: [Step] = []

    /// - Parameters:
    ///   - row: the ledger's row; nil if there is none.
    ///   - live: Redis's record; nil if there is none. It can be ahead of the row.
    init(_ row: LedgerOrder?, _ live: Order?) {
        guard let claimedAt = row?.claimedAt ?? live?.claimedAt else { return }
        let rowIsNewest = (row?.version ?? 0) >= (live?.version ?? 0)
        guard let state = rowIsNewest ? row?.state : live?.state else { return }
        let wasHeld = (row?.expiresAt ?? live?.expiresAt) != nil
        let confirmedAt = row?.confirmedAt ?? live?.confirmedAt
        let rowHadOther = row?.state == .confirmed || row?.previousState != nil
        let waited =
            if wasHeld {
                Self.version(of: state, confirmed: confirmedAt != nil) < max(row?.version ?? 0, live?.version ?? 0)
            } else {
                // Without a hold, only a confirmed order can be cancelled, unless it waited.
                state == .cancelled && confirmedAt == nil && !rowHadOther
            }
        if waited || [state, row?.state, row?.previousState].contains(.waiting) {
            steps.append(Step(state: .waiting, at: claimedAt))
            // When the offer was made is not stored.
            if wasHeld { steps.append(Step(state: .held, at: nil)) }
        } else {
            steps.append(Step(state: wasHeld ? .held : .pending, at: claimedAt))
        }
        let wasConfirmed =
            confirmedAt != nil || state == .confirmed || row?.state == .confirmed || row?.previousState == .confirmed
            || state == .cancelled && !wasHeld && steps.first?.state != .waiting
        if wasConfirmed { steps.append(Step(state: .confirmed, at: confirmedAt)) }
        switch state {
        case .waiting, .pending, .held, .confirmed: break
        case .expired: steps.append(Step(state: .expired, at: row?.expiresAt ?? live?.expiresAt))
        case .cancelled, .rejected:
            steps.append(Step(state: state, at: row?.state == state ? row?.recordedAt : nil))
        }
    }

    /// The version of an order in a state that was held first: each change adds one. The version of an order that waited before
    /// is higher.
    private static func version(of state: OrderState, confirmed: Bool) -> Int {
        switch state {
        case .waiting, .pending, .held: 1
        case .confirmed, .expired: 2
        case .cancelled: confirmed ? 3 : 2
        // The ledger can reject any snapshot.
        case .rejected: .max
        }
    }
}
