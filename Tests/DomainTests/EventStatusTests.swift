import Testing

@testable import Domain

@Suite struct EventStatusTests {
    private func status(
        opens: Int64? = nil, closes: Int64? = nil, paused: Bool = false, available: Int = 1
    ) -> EventStatus {
        let terms = EventTerms(
            name: "", capacity: 1, opensAt: opens.map(Timestamp.init(milliseconds:)),
            closesAt: closes.map(Timestamp.init(milliseconds:)), paused: paused)
        return EventStatus(terms: terms, available: available, at: Timestamp(milliseconds: 100))
    }

    @Test func theStatusFollowsFromTheTimesThePauseAndTheStock() {
        #expect(status() == .open)
        #expect(status(available: 0) == .soldOut)
        #expect(status(opens: 101) == .scheduled)
        #expect(status(opens: 100) == .open)
        #expect(status(closes: 101) == .open)
        #expect(status(closes: 100, paused: true, available: 0) == .closed)
        #expect(status(opens: 101, paused: true) == .paused)
    }
}
