import Testing

@testable import Domain
@testable import Engine

@Suite struct OrderStateTests {
    /// All transitions; any other is not allowed.
    private let allowed: [OrderState: [OrderTransition: OrderState]] = [
        .pending: [.persist: .confirmed, .reject: .rejected],
        .held: [.confirm: .confirmed, .cancel: .cancelled, .expire: .expired, .reject: .rejected],
        .confirmed: [.cancel: .cancelled, .reject: .rejected],
    ]

    @Test func hasExactlyTheseTransitions() {
        for state in OrderState.allCases {
            for transition in OrderTransition.allCases {
                #expect(state.after(transition) == allowed[state]?[transition], "\(state) \(transition)")
            }
        }
    }

    @Test func finalStatesHaveNoTransitions() {
        #expect(Set(OrderState.allCases.filter(\.isFinal)) == [.rejected, .cancelled, .expired])
    }
}

@Suite struct EventStatusTests {
    private func status(
        opens: Int64? = nil, closes: Int64? = nil, paused: Bool = false, available: Int = 1
    ) -> EventStatus {
        let terms = EventTerms(
            name: "", capacity: 1, opensAt: opens.map(Timestamp.init(milliseconds:)),
            closesAt: closes.map(Timestamp.init(milliseconds:)), paused: paused)
        return EventStatus(terms: terms, available: available, at: Timestamp(milliseconds: 100))
    }

    @Test func followsTheClockAndTheStock() {
        #expect(status() == .open)
        #expect(status(available: 0) == .soldOut)
        #expect(status(opens: 101) == .scheduled)
        #expect(status(opens: 100) == .open)
        #expect(status(closes: 101) == .open)
        #expect(status(closes: 100, paused: true, available: 0) == .closed)
        #expect(status(opens: 101, paused: true) == .paused)
    }
}

@Suite struct EventChangeTests {
    @Test func keepsFieldsThatItDoesNotName() throws {
        let present = EventTerms(
            name: "n", capacity: 5, maxQuantity: 3, opensAt: Timestamp(milliseconds: 1), paused: true)
        let id = try #require(EventID("e"))
        #expect(try EventChange().applied(to: present, of: id) == present)
        #expect(try EventChange(opensAt: .some(nil)).applied(to: present, of: id).opensAt == nil)
        #expect(try EventChange(capacity: 9).applied(to: present, of: id).capacity == 9)
        #expect(try EventChange(capacity: 9).applied(to: nil, of: id).name == "e")
        let limited = try EventChange(customerLimit: 4, holdSeconds: 60).applied(to: present, of: id)
        #expect(limited.customerLimit == 4 && limited.holdSeconds == 60)
        #expect(try EventChange(paused: false).applied(to: limited, of: id).holdSeconds == 60)
        #expect(try EventChange(customerLimit: .some(nil)).applied(to: limited, of: id).customerLimit == nil)
    }

    @Test func refusesInvalidChanges() throws {
        let id = try #require(EventID("e"))
        #expect(throws: CatalogueError.invalid(field: "capacity", "a new event needs a capacity")) {
            try EventChange(name: "n").applied(to: nil, of: id)
        }
        let times = EventChange(
            capacity: 1, opensAt: Timestamp(milliseconds: 5), closesAt: Timestamp(milliseconds: 5))
        #expect(throws: CatalogueError.invalid(field: "closes_at", "the event must close after it opens")) {
            try times.applied(to: nil, of: id)
        }
    }
}
