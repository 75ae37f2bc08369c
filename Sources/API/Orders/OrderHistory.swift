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
        let wasHeld = (row?.expiresAt ?? live?.expiresAt) != nil
        steps.append(Step(state: wasHeld ? .held : .pending, at: claimedAt))
        let rowIsNewest = (row?.version ?? 0) >= (live?.version ?? 0)
        guard let state = rowIsNewest ? row?.state : live?.state else { return }

        let confirmedAt = row?.confirmedAt ?? live?.confirmedAt
        // Without a hold, only a confirmed order can be cancelled.
        let wasConfirmed =
            confirmedAt != nil || state == .confirmed || row?.state == .confirmed || row?.previousState == .confirmed
            || state == .cancelled && !wasHeld
        if wasConfirmed { steps.append(Step(state: .confirmed, at: confirmedAt)) }
        switch state {
        case .pending, .held, .confirmed: break
        case .expired: steps.append(Step(state: .expired, at: row?.expiresAt ?? live?.expiresAt))
        case .cancelled, .rejected:
            steps.append(Step(state: state, at: row?.state == state ? row?.recordedAt : nil))
        }
    }
}
