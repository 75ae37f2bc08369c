import TicketBlitzClient

/// Whether a waiting list has kept its promises (docs/waiting-list.md). No I/O.
///
/// A finding is certain: of two events in the same millisecond neither is before the other.
struct WaitlistVerdict: Sendable {
    /// For the difference of the clocks' speeds, in milliseconds.
    private static let tolerance: Int64 = 200

    private(set) var findings = Findings()
    private let evidence: WaitlistEvidence
    private let beginning: Int64?

    init(_ evidence: WaitlistEvidence) {
        self.evidence = evidence
        beginning = evidence.beginning
        if beginning == nil, evidence.stays.contains(where: { $0.claimedAt > 0 }) {
            findings.unjudged.append("what was given back when: the clocks of the service and of Attack differ")
        }
        judgeOrder()
        judgeUnits()
        judgeStates()
    }

    /// When an order was given back, at the earliest; nil if that is not known.
    private func ended(_ stay: Stay) -> Int64? {
        guard let beginning, stay.endedAt > 0 else { return nil }
        return beginning + Int64(stay.endedAt) - Self.tolerance
    }

    /// Until when a place was certainly on the list.
    private func waited(_ stay: Stay) -> Int64 {
        if stay.offeredAt > 0 { return stay.offeredAt }
        if stay.endedAt > 0 { return ended(stay) ?? stay.claimedAt }
        return stay.state == .waiting ? .max : stay.claimedAt
    }

    /// First fit: whoever gets units, by an offer or as a walk-in, passes over nobody who came before and wants no more.
    private mutating func judgeOrder() {
        let known = evidence.stays.filter { $0.claimedAt > 0 }.sorted { $0.claimedAt < $1.claimedAt }
        /// By quantity: until when one of the places that were taken so far was on the list.
        var waiting = [Int64](repeating: 0, count: (known.map(\.quantity).max() ?? 0) + 1)
        var (offers, walkIns) = (0, 0)
        var example: String?
        var index = 0
        while index < known.count {
            let together = known[index...].prefix { $0.claimedAt == known[index].claimedAt }
            for stay in together {
                let taken = stay.isPlace ? stay.offeredAt : stay.claimedAt
                guard taken > 0, let passed = waiting[...stay.quantity].lastIndex(where: { $0 > taken }) else {
                    continue
                }
                if stay.isPlace { offers += 1 } else { walkIns += 1 }
                example = example ?? "\(stay.quantity) units while an earlier place wanted \(passed)"
            }
            for stay in together where stay.isPlace {
                waiting[stay.quantity] = max(waiting[stay.quantity], waited(stay))
            }
            index = together.endIndex
        }
        findings.add(offers, "offers passed over a place that was taken before and wants no more", example)
        findings.add(walkIns, "purchases got units that a place on the list could have had", example)
        findings.add(
            evidence.stays.count { $0.hasFallenBack }, "places moved to a higher position")
        if let forgotten = evidence.forgotten { findings.add(1, "place was forgotten", forgotten) }
    }

    /// At no moment more units are held and sold than exist: from the claim or the offer until the order was given back, or until
    /// its offer ended.
    private mutating func judgeUnits() {
        var changes: [(at: Int64, units: Int)] = []
        for stay in evidence.stays {
            let begin = stay.isPlace ? stay.offeredAt : stay.claimedAt
            guard begin > 0, let state = stay.state, state != .rejected else { continue }
            let end: Int64? =
                switch state {
                case .cancelled: ended(stay) ?? begin
                case .expired: stay.offeredAt + Int64(evidence.offerSeconds) * 1000
                default: nil
                }
            changes.append((begin, stay.quantity))
            if let end { changes.append((max(begin, end), -stay.quantity)) }
        }
        changes.sort { ($0.at, $0.units) < ($1.at, $1.units) }
        var (units, most) = (0, 0)
        for change in changes {
            units += change.units
            most = max(most, units)
        }
        if most > evidence.capacity {
            findings.add("\(most) units were held and sold at the same time, of \(evidence.capacity)")
        }
    }

    /// The state of each order is one that follows from what its person did.
    private mutating func judgeStates() {
        let others = evidence.stays.compactMap { stay -> String? in
            guard let state = stay.state, !stay.expectation.explains(state) else { return nil }
            return "\(state) instead of \(stay.expectation)"
        }
        findings.add(others.count, "orders are in a state that nothing explains", others.first)
    }
}
