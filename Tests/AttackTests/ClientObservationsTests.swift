import Testing

@testable import Attack

struct ClientObservationsTests {
    private let now = ContinuousClock.now

    private func observations(_ outcomes: [Outcome]) -> ClientObservations {
        let observations = ClientObservations()
        for (number, outcome) in outcomes.enumerated() {
            observations.add(number, outcome, quantity: 1, latency: .milliseconds(number + 1), at: now)
        }
        return observations
    }

    @Test func outcomesAreCountedByKind() {
        let record = observations([
            .accepted(ticket: "a"), .accepted(ticket: "b"), .refused(code: "sold-out"), .refused(code: "queue-full"),
            .unknown(code: "timeout", ticket: nil),
        ]).record
        #expect(record.answered == 5)
        #expect(record.acceptedUnits == 2)
        #expect(record.soldOut == 1)
        #expect(record.errors == ["queue-full": 1, "timeout": 1])
        #expect(record.unknownUnits == 1)
    }

    @Test func aTicketOfTwoPurchasesIsRecorded() {
        #expect(observations([.accepted(ticket: "a"), .accepted(ticket: "a")]).record.givenTwice == ["a"])
    }

    /// The response to a repetition resolves an unknown outcome, and must not contradict a known one.
    @Test func aRetryIsComparedWithTheFirstResponse() {
        let observations = observations([
            .unknown(code: "timeout", ticket: nil), .accepted(ticket: "b"), .accepted(ticket: "c"),
        ])
        observations.addRetry(0, first: .unknown(code: "timeout", ticket: nil), .accepted(ticket: "a"), quantity: 1)
        observations.addRetry(1, first: .accepted(ticket: "b"), .accepted(ticket: "b"), quantity: 1)
        #expect(observations.record.unknownUnits == 0)
        #expect(observations.record.tickets.map(\.id) == ["b", "c", "a"])
        #expect(observations.record.keysBroken == [])
        observations.addRetry(2, first: .accepted(ticket: "c"), .refused(code: "sold-out"), quantity: 1)
        #expect(observations.record.keysBroken == ["c, then sold-out"])
    }
}
