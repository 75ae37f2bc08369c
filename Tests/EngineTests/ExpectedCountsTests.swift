import Testing

@testable import Domain
@testable import Engine
@testable import Ledger
@testable import RedisSchema

/// The expected counters, computed without either store.
@Suite struct ExpectedCountsTests {
    private func event(capacity: Int = 100, held: Int = 0, sold: Int = 0) -> LedgerEvent {
        LedgerEvent(
            id: .demo, terms: EventTerms(name: "", capacity: capacity), held: held, sold: sold, generation: 2,
            publishedGeneration: 2)
    }

    private func order(_ state: OrderState, version: Int = 1, quantity: Int = 1, generation: Int = 2) -> Order {
        Order(
            id: OrderID(at: Timestamp(milliseconds: 1), partition: 0), event: .demo, generation: generation,
            quantity: quantity, state: state, version: version, claimedAt: Timestamp(milliseconds: 1))
    }

    private func survey(_ counts: UnitCounts, _ snapshots: [Order] = [], unreadable: Int = 0) -> EventSurvey {
        EventSurvey(counts: counts, capacity: 100, snapshots: snapshots, unreadable: unreadable)
    }

    @Test func aSnapshotInFlightIsNotDrift() {
        let (pending, committed, confirmed, cancelled, rejected) = (
            order(.pending, quantity: 3), order(.pending, quantity: 5), order(.confirmed, version: 2, quantity: 7),
            order(.cancelled, version: 3, quantity: 11), order(.pending, quantity: 13)
        )
        // In the ledger, the order cancelled since is sold, and the order confirmed since is held.
        let expected = ExpectedCounts(
            event(held: 7, sold: 5 + 11),
            rows: [
                committed.id: OrderVersion(state: .confirmed, version: 1),
                confirmed.id: OrderVersion(state: .held, version: 1),
                cancelled.id: OrderVersion(state: .confirmed, version: 2),
                rejected.id: OrderVersion(state: .rejected, version: 1),
            ],
            survey(
                UnitCounts(available: 72, pending: 3 + 5 + 13, held: 0, sold: 7),
                [pending, committed, confirmed, cancelled, rejected, order(.pending, quantity: 50, generation: 1)]))
        #expect(expected.drift == UnitCounts())
        #expect(expected.inFlight == 5)
    }

    @Test func onlyTheLatestSnapshotOfAnOrderCounts() {
        var held = order(.held, quantity: 2)
        let first = held
        held.state = .expired
        held.version = 2
        let expected = ExpectedCounts(event(), rows: [:], survey(UnitCounts(available: 100), [held, first]))
        #expect(expected.drift == UnitCounts())
    }

    /// Found by the simulator: the confirmation reached the ledger before the claim, and was acknowledged.
    @Test func aSnapshotOlderThanTheLedgerDoesNotCount() {
        let held = order(.held, quantity: 2)
        let expected = ExpectedCounts(
            event(sold: 2), rows: [held.id: OrderVersion(state: .confirmed, version: 2)],
            survey(UnitCounts(available: 98, sold: 2), [held]))
        #expect(expected.drift == UnitCounts())
    }

    @Test func unitsThatDoNotExistAreAlwaysRemovedFromSale() {
        let expected = ExpectedCounts(
            event(sold: 10), rows: [:], survey(UnitCounts(available: 97, sold: 7), [order(.pending)], unreadable: 2))
        #expect(expected.drift == UnitCounts(available: 8, pending: -1, sold: -3))
        #expect(expected.repair == UnitCounts(available: -8, pending: 1, sold: 3))
    }

    @Test func unitsAreReturnedToSaleOnlyIfNoOrderCanOwnThem() {
        let leak = UnitCounts(available: 90, sold: 5)
        #expect(ExpectedCounts(event(sold: 5), rows: [:], survey(leak)).repair == UnitCounts(available: 5))
        #expect(ExpectedCounts(event(sold: 5), rows: [:], survey(leak, unreadable: 1)).repair == UnitCounts())
        let busy = ExpectedCounts(
            event(sold: 5), rows: [:], survey(UnitCounts(available: 89, pending: 1, sold: 5), [order(.pending)]))
        #expect(busy.drift == UnitCounts(available: -5))
        #expect(busy.repair == UnitCounts())
    }
}
