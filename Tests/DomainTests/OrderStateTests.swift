import Testing

@testable import Domain

@Suite struct OrderStateTests {
    /// All transitions; any other is not allowed.
    private let allowed: [OrderState: [OrderTransition: OrderState]] = [
        .pending: [.persist: .confirmed, .reject: .rejected],
        .waiting: [.offer: .held, .cancel: .cancelled, .leave: .cancelled],
        .held: [
            .confirm: .confirmed, .cancel: .cancelled, .leave: .cancelled, .expire: .expired, .reject: .rejected,
        ],
        .confirmed: [.cancel: .cancelled, .reject: .rejected],
    ]

    @Test func onlyTheAllowedTransitionsExist() {
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
