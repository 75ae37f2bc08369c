import Testing

@testable import Domain
@testable import RedisSchema

/// The checker detects a violation of each invariant.
@Suite struct CheckerTests {
    private static let ids: KeyedIDs = {
        let ids = KeyedIDs()
        ids.set(InstallationSecret())
        return ids
    }()

    private static func id(_ number: UInt64) -> OrderID { OrderID(milliseconds: 1, partition: 0, random: number) }

    private static func buy(_ number: UInt64, _ outcome: Operation.Outcome? = nil, key: String? = nil) -> Operation {
        Operation(
            kind: .buy(event: "e", quantity: 2, customer: "c", key: key), outcome: outcome ?? .ok(id(number), .pending))
    }

    private static func state(
        _ rows: [UInt64: OrderState], redis: UnitCounts? = nil, customers: [String: Int]? = nil,
        replays: [OrderID: Operation.Outcome] = [:]
    ) -> FinalState {
        let sold = rows.values.count { $0 == .confirmed } * 2
        let held = rows.values.count { $0 == .held } * 2
        return FinalState(
            rows: Dictionary(
                uniqueKeysWithValues: rows.map {
                    (id($0.key), FinalState.Row(event: "e", quantity: 2, customer: "c", state: $0.value))
                }),
            events: [
                "e": FinalState.Event(
                    capacity: 10, ledgerHeld: held, ledgerSold: sold,
                    redis: redis ?? UnitCounts(available: 10 - sold - held, held: held, sold: sold),
                    customers: customers ?? ["c": sold + held])
            ], ids: ids, replays: replays)
    }

    @Test func aCleanHistoryHolds() {
        let verdict = Verdict(
            [Self.buy(1), Self.buy(2), Self.buy(3, .refused("sold-out")), Self.buy(4, .unknown(Self.id(4)))],
            Self.state([1: .confirmed, 2: .confirmed, 4: .confirmed]))
        #expect(verdict.holds)
        #expect(verdict.accepted == 2)
        #expect(verdict.unknown == 1)
        #expect(verdict.refused == 1)
    }

    @Test func anAcceptedOrderWithoutARowIsLost() {
        #expect(Verdict([Self.buy(1), Self.buy(2)], Self.state([1: .confirmed])).lost == [Self.id(2)])
    }

    @Test func aRowThatNoResponseExplainsIsDoubled() {
        #expect(Verdict([Self.buy(1)], Self.state([1: .confirmed, 2: .confirmed])).doubled == [Self.id(2)])
        // One unknown purchase explains one row, not two.
        let verdict = Verdict([Self.buy(1, .unknown(nil))], Self.state([1: .confirmed, 2: .confirmed]))
        #expect(verdict.doubled.count == 1)
        #expect(!verdict.holds)
    }

    @Test func aKeyWithTwoOrdersIsDoubled() {
        let verdict = Verdict(
            [Self.buy(1, key: "k"), Self.buy(2, key: "k")], Self.state([1: .confirmed, 2: .confirmed]))
        #expect(verdict.doubled == [Self.id(2)])
    }

    @Test func moreUnitsThanTheCapacityAreOversold() {
        let rows = Dictionary(uniqueKeysWithValues: (1...6).map { (UInt64($0), OrderState.confirmed) })
        #expect(Verdict((1...6).map { Self.buy($0) }, Self.state(rows)).oversold == ["e"])
    }

    @Test func differentCountersAreUnbalanced() {
        let redis = UnitCounts(available: 9, sold: 2)
        #expect(Verdict([Self.buy(1)], Self.state([1: .confirmed], redis: redis)).unbalanced.count == 1)
    }

    @Test(arguments: [
        (OrderState.confirmed, OrderState.expired), (.confirmed, .held), (.cancelled, .confirmed),
        (.expired, .confirmed), (.rejected, .confirmed),
    ])
    func aChangedFinalStateIsDetected(before: OrderState, after: OrderState) {
        let read = Operation(kind: .read(Self.id(1)), outcome: .ok(Self.id(1), before))
        #expect(Verdict([Self.buy(1), read], Self.state([1: after])).changed == [Self.id(1)])
    }

    @Test func anOrderIsCancelledOnlyByACancellation() {
        let confirm = Operation(kind: .confirm(Self.id(1)), outcome: .ok(Self.id(1), .confirmed))
        #expect(Verdict([Self.buy(1), confirm], Self.state([1: .cancelled])).changed == [Self.id(1)])
        let cancel = Operation(kind: .cancel(Self.id(1)), outcome: .unknown(nil))
        #expect(Verdict([Self.buy(1), confirm, cancel], Self.state([1: .cancelled])).holds)
    }

    @Test func anAcceptedOrderThatIsNotFoundIsDetected() {
        let read = Operation(kind: .read(Self.id(1)), outcome: .refused("order-not-found"))
        let verdict = Verdict([Self.buy(1), read], Self.state([1: .confirmed]))
        #expect(verdict.notFound == [Self.id(1)])
        #expect(!verdict.holds)
    }

    @Test func aCustomerAboveTheLimitIsNamed() {
        let state = Self.state([1: .confirmed, 2: .confirmed])
        #expect(Verdict([Self.buy(1), Self.buy(2)], state, customerLimit: ["e": 3]).aboveLimit == ["e/c"])
        #expect(Verdict([Self.buy(1), Self.buy(2)], state, customerLimit: ["e": 4]).holds)
    }

    @Test(arguments: [["c": 1], ["c": 4], [:], ["c": 2, "d": 1]])
    func aCustomerWithADifferentCountIsNamed(customers: [String: Int]) {
        let verdict = Verdict([Self.buy(1)], Self.state([1: .confirmed], customers: customers))
        #expect(verdict.miscounted.count == 1)
        #expect(!verdict.holds)
    }

    @Test func releasedUnitsDoNotCount() {
        let cancel = Operation(kind: .cancel(Self.id(2)), outcome: .ok(Self.id(2), .cancelled))
        let history = [Self.buy(1), Self.buy(2), cancel]
        let rows: [UInt64: OrderState] = [1: .held, 2: .cancelled]
        #expect(Verdict(history, Self.state(rows, customers: ["c": 2])).holds)
        #expect(Verdict(history, Self.state(rows, customers: ["c": 4])).miscounted == ["e/c: 4 instead of 2"])
    }

    @Test(arguments: [
        Operation.Outcome.ok(CheckerTests.id(2), .pending), .refused("customer-limit"), .unknown(nil),
    ])
    func aKeyThatReturnsAnotherOrderIsDetected(response: Operation.Outcome) {
        let history = [Self.buy(1, key: "k")]
        let verdict = Verdict(history, Self.state([1: .confirmed], replays: [Self.id(1): response]))
        #expect(verdict.notReplayed == [Self.id(1)])
        #expect(!verdict.holds)
        let good: [OrderID: Operation.Outcome] = [Self.id(1): .ok(Self.id(1), .pending)]
        #expect(Verdict(history, Self.state([1: .confirmed], replays: good)).holds)
        // If the order is lost, only the loss is reported, because its key is free.
        let lost = Verdict(history, Self.state([:], replays: [Self.id(1): response]))
        #expect(lost.lost == [Self.id(1)])
        #expect(lost.notReplayed.isEmpty)
    }

    @Test func aReplayIsComparedWithTheFirstOrderOfItsKey() {
        let observations = ClientObservations(
            [
                Self.buy(1, key: "k"), Self.buy(1, key: "k"), Self.buy(2, key: "k"), Self.buy(3),
                Self.buy(4, .unknown(nil), key: "l"),
            ], Self.ids)
        #expect(observations.keyed == [Self.id(1): Self.buy(1, key: "k").kind])
    }
}
