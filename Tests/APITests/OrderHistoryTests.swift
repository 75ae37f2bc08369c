import Testing

@testable import API
@testable import Domain
@testable import Ledger

@Suite struct OrderHistoryTests {
    private let id = OrderID(milliseconds: 1, partition: 0, random: 1)
    private func at(_ milliseconds: Int64) -> Timestamp { Timestamp(milliseconds: milliseconds) }

    private func row(
        _ state: OrderState, from previous: OrderState? = nil, version: Int = 1, confirmed: Int64? = nil,
        expires: Int64? = nil
    ) -> LedgerOrder {
        LedgerOrder(
            id: id, event: .demo, state: state, previousState: previous, version: version, claimedAt: at(1),
            confirmedAt: confirmed.map { at($0) }, expiresAt: expires.map { at($0) }, recordedAt: at(9))
    }

    private func live(
        _ state: OrderState, version: Int = 1, confirmed: Int64? = nil, expires: Int64? = nil
    ) -> Order {
        Order(
            id: id, event: .demo, quantity: 1, state: state, version: version, claimedAt: at(1),
            confirmedAt: confirmed.map { at($0) }, expiresAt: expires.map { at($0) })
    }

    private func text(_ row: LedgerOrder?, _ live: Order? = nil) -> String {
        OrderHistory(row, live).steps.map { step in
            "\(step.state.rawValue)@\(step.at.map { String($0.milliseconds) } ?? "?")"
        }.joined(separator: " ")
    }

    @Test func statesOfTheLedger() {
        #expect(text(row(.confirmed, confirmed: 2)) == "pending@1 confirmed@2")
        #expect(text(row(.held, expires: 5)) == "held@1")
        #expect(text(row(.confirmed, from: .held, version: 2, confirmed: 3, expires: 5)) == "held@1 confirmed@3")
        #expect(text(row(.expired, from: .held, version: 2, expires: 5)) == "held@1 expired@5")
        #expect(text(row(.cancelled, from: .held, version: 2, expires: 5)) == "held@1 cancelled@9")
        #expect(
            text(row(.cancelled, from: .confirmed, version: 3, confirmed: 3, expires: 5))
                == "held@1 confirmed@3 cancelled@9")
        #expect(text(row(.cancelled, from: .confirmed, version: 2)) == "pending@1 confirmed@? cancelled@9")
        #expect(text(row(.rejected)) == "pending@1 rejected@9")
    }

    @Test func redisCanBeAhead() {
        #expect(text(nil, live(.pending)) == "pending@1")
        #expect(text(nil, live(.held, expires: 5)) == "held@1")
        #expect(
            text(row(.held, expires: 5), live(.confirmed, version: 2, confirmed: 4, expires: 5))
                == "held@1 confirmed@4")
        #expect(
            text(row(.confirmed, confirmed: 2), live(.cancelled, version: 2, confirmed: 2))
                == "pending@1 confirmed@2 cancelled@?")
        #expect(
            text(row(.held, expires: 5), live(.expired, version: 2, expires: 5)) == "held@1 expired@5")
        #expect(text(row(.confirmed, confirmed: 2), live(.pending)) == "pending@1 confirmed@2", "a record lags behind")
    }

    @Test func ordersThatWaited() {
        #expect(text(row(.waiting)) == "waiting@1")
        #expect(text(nil, live(.waiting)) == "waiting@1")
        #expect(text(row(.held, from: .waiting, version: 2, expires: 5)) == "waiting@1 held@?")
        #expect(text(row(.held, version: 2, expires: 5)) == "waiting@1 held@?", "the ledger never had it as waiting")
        #expect(
            text(row(.confirmed, from: .held, version: 3, confirmed: 4, expires: 5))
                == "waiting@1 held@? confirmed@4")
        #expect(text(row(.expired, from: .held, version: 3, expires: 5)) == "waiting@1 held@? expired@5")
        #expect(text(row(.cancelled, from: .waiting, version: 2)) == "waiting@1 cancelled@9")
        #expect(text(row(.cancelled, version: 2)) == "waiting@1 cancelled@9", "the ledger never had it as waiting")
        #expect(text(row(.waiting), live(.held, version: 2, expires: 5)) == "waiting@1 held@?")
    }

    @Test func nothingIsKnown() { #expect(text(nil).isEmpty) }
}
