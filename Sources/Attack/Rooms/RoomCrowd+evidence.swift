import NIOConcurrencyHelpers

/// What people have seen, for the judgement.
extension RoomCrowd {
    /// The people that wait, and are to have been admitted before somebody who was: they look once more at the end.
    func unseen() -> Agenda {
        var agenda = Agenda()
        let evidence = evidence(available: 0)
        let ranks = evidence.ranks()
        let admitted = zip(ranks, evidence.visits).compactMap { $1.admittedAt > 0 ? $0 : nil }
        guard let last = admitted.max() else { return agenda }
        let now = clock.now
        state.withLockedValue { state in
            for (index, rank) in ranks.enumerated() {
                guard let rank, rank < last, state.people[index].phase == .waiting else { continue }
                if state.people[index].visit.admittedAt == 0 { agenda.add(index, at: now) }
            }
        }
        return agenda
    }

    private func evidence(available: Int) -> RoomEvidence {
        state.withLockedValue { state in
            RoomEvidence(
                event: event.id, rate: options.admissionRate, passSeconds: options.passSeconds,
                allowed: state.allowed, opensAt: state.opensAt, commitment: state.commitment, draw: watch.firstDraw,
                lastDraw: watch.lastDraw, available: available, slowest: watch.slowest,
                visits: state.people.map(\.visit))
        }
    }

    func result(_ account: Account) async -> CrowdResult {
        let evidence = evidence(available: account.available)
        let (seen, requests, opening) = state.withLockedValue { ($0.drawSeenAt, $0.requests, $0.opening) }
        let figures = RoomFigures(
            evidence, samples: watch.samples, requests: requests,
            drawn: seen.map { Double(Int($0) - Int(opening)) / 1000 })
        return CrowdResult(findings: RoomVerdict(evidence).findings, figures: .room(figures))
    }
}
