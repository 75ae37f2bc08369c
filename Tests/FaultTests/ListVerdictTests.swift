import Testing

@testable import Domain
@testable import RedisSchema

/// The checker of waiting lists detects each violation. Offers are of ten seconds.
@Suite struct ListVerdictTests {
    private static func id(_ number: UInt64) -> OrderID { OrderID(milliseconds: 1, partition: 0, random: number) }

    private static func request(
        _ kind: ListRequest.Kind, _ number: UInt64, _ outcome: ListRequest.Outcome, at time: Int64
    ) -> ListRequest {
        ListRequest(kind: kind, order: id(number), outcome: outcome, begun: time, ended: time + 10)
    }

    private static func place(
        _ state: OrderState, joined: Int64, offered: Int64? = nil, wants quantity: Int = 1
    ) -> ListState.Row {
        ListState.Row(
            quantity: quantity, isPlace: true, state: state, claimedAt: joined, expiresAt: offered.map { $0 + 10_000 })
    }

    private static func walkIn(_ quantity: Int = 1, at time: Int64) -> ListState.Row {
        ListState.Row(quantity: quantity, isPlace: false, state: .confirmed, claimedAt: time)
    }

    private static func state(
        _ rows: [UInt64: ListState.Row], available: Int = 0, losses: [ClosedRange<Int64>] = []
    ) -> ListState {
        ListState(
            rows: Dictionary(uniqueKeysWithValues: rows.map { (id($0), $1) }), offer: 10_000, available: available,
            losses: losses)
    }

    /// 1 confirms its offer, 2 lets it lapse, 3 leaves, and 4 waits for more units than there are.
    private static let rows: [UInt64: ListState.Row] = [
        1: place(.confirmed, joined: 100, offered: 1000), 2: place(.expired, joined: 200, offered: 2000),
        3: place(.cancelled, joined: 300), 4: place(.waiting, joined: 50, wants: 3), 5: walkIn(at: 20),
    ]
    private static let clean = [
        request(.look, 1, .order(.waiting, position: 2), at: 500),
        request(.look, 1, .order(.held, expiresAt: 11_000), at: 1500),
        request(.confirm, 1, .order(.confirmed, expiresAt: 11_000), at: 1600),
        request(.look, 2, .order(.held, expiresAt: 12_000), at: 2500),
        request(.look, 2, .order(.expired, expiresAt: 12_000), at: 13_000),
        request(.leave, 3, .order(.cancelled), at: 900),
    ]

    private static func verdict(
        _ more: ListRequest..., rows changes: [UInt64: ListState.Row] = [:], available: Int = 0,
        losses: [ClosedRange<Int64>] = []
    ) -> ListVerdict {
        ListVerdict(
            clean + more, state(rows.merging(changes) { $1 }, available: available, losses: losses))
    }

    @Test func aCleanHistoryHolds() {
        let verdict = Self.verdict(available: 2)
        #expect(verdict.holds, "\(verdict)")
        #expect(verdict.places == 4)
        #expect(verdict.offers == 2)
        #expect(verdict.walkIns == 1)
    }

    @Test func aSecondOfferIsDetected() {
        let offer = Self.request(.look, 2, .order(.held, expiresAt: 15_000), at: 5000)
        #expect(!Self.verdict(offer).twoOffers.isEmpty)
        #expect(!Self.verdict(offer).holds)
        #expect(Self.verdict(offer, losses: [3000...4000]).twoOffers.count == 1, "the ledger has the first")
        let row = Self.place(.expired, joined: 200, offered: 5000)
        #expect(Self.verdict(rows: [2: row]).twoOffers.count == 1)
        #expect(Self.verdict(rows: [2: row], losses: [3000...4000]).twoOffers.isEmpty)
    }

    @Test(arguments: [
        (UInt64(1), OrderState.waiting), (1, .held), (2, .held), (3, .waiting), (2, .confirmed),
    ])
    func anEarlierStateIsDetected(number: UInt64, state: OrderState) {
        let look = Self.request(.look, number, .order(state), at: 14_000)
        #expect(Self.verdict(look).wentBack.count == 1)
        #expect(!Self.verdict(look).holds)
        #expect(Self.verdict(look, losses: [13_500...13_600]).wentBack.isEmpty)
        #expect(Self.verdict(look, losses: [100...200]).wentBack.count == 1)
    }

    /// While Redis does not respond, a look shows the ledger's row; a confirmation never does.
    @Test func aLookDuringAnOutageMayBeBehind() {
        var state = Self.state(Self.rows)
        state.outages = [13_500...14_500]
        func wentBack(_ kind: ListRequest.Kind, at time: Int64) -> Int {
            ListVerdict(Self.clean + [Self.request(kind, 1, .order(.held), at: time)], state).wentBack.count
        }
        #expect(wentBack(.look, at: 14_000) == 0)
        #expect(wentBack(.look, at: 15_000) == 1)
        #expect(wentBack(.confirm, at: 14_000) == 1)
    }

    @Test func aPositionThatGrowsIsDetected() {
        let look = Self.request(.look, 1, .order(.waiting, position: 3), at: 700)
        #expect(Self.verdict(look).grew.count == 1)
        #expect(!Self.verdict(look).holds)
        #expect(Self.verdict(look, losses: [600...650]).grew.isEmpty)
        // It was sent before the first response.
        #expect(Self.verdict(Self.request(.look, 1, .order(.waiting, position: 3), at: 505)).grew.isEmpty)
    }

    @Test func anOfferOutOfOrderIsDetected() {
        let early = Self.place(.expired, joined: 90, offered: 1001)
        #expect(Self.verdict(rows: [6: early]).outOfOrder.count == 1)
        #expect(!Self.verdict(rows: [6: early]).holds)
        #expect(Self.verdict(rows: [6: Self.place(.expired, joined: 90, offered: 1000)]).holds, "the same call")
        #expect(Self.verdict(rows: [6: Self.place(.expired, joined: 100, offered: 1500)]).holds, "the same millisecond")
        #expect(
            Self.verdict(rows: [6: Self.place(.expired, joined: 90, offered: 1500, wants: 2)]).holds, "a larger wish")
        #expect(Self.verdict(rows: [6: Self.place(.waiting, joined: 90)]).outOfOrder.count == 2)
        // Its customer may have left.
        let leave = Self.request(.leave, 6, .unknown, at: 990)
        #expect(Self.verdict(leave, rows: [6: Self.place(.cancelled, joined: 90)]).holds)
        // It had an offer that was lost, or what happened may be lost.
        let lost = Self.request(.look, 6, .order(.held, expiresAt: 10_900), at: 950)
        let late = Self.place(.expired, joined: 90, offered: 9000)
        #expect(Self.verdict(lost, rows: [6: late], losses: [6000...7000]).outOfOrder.isEmpty)
        #expect(Self.verdict(rows: [6: early], losses: [1500...1600]).outOfOrder.isEmpty)
    }

    @Test func aWalkInThatOvertakesIsDetected() {
        #expect(Self.verdict(rows: [6: Self.walkIn(at: 500)]).overtaken.count == 3, "1, 2 and 3 wait")
        #expect(!Self.verdict(rows: [6: Self.walkIn(at: 500)]).holds)
        #expect(Self.verdict(rows: [6: Self.walkIn(3, at: 60)]).overtaken.count == 1)
        #expect(Self.verdict(rows: [6: Self.walkIn(2, at: 60)]).holds, "fewer than the place wants")
        #expect(Self.verdict(rows: [6: Self.walkIn(at: 2000)]).holds, "in the millisecond of the last offer")
        #expect(Self.verdict(rows: [6: Self.walkIn(at: 500)], losses: [600...700]).overtaken.isEmpty)
    }

    @Test func anEndThatNothingExplainsIsDetected() {
        for row in [
            Self.place(.cancelled, joined: 9000), Self.place(.confirmed, joined: 9000, offered: 9500),
            Self.place(.expired, joined: 9000), Self.place(.held, joined: 9000, offered: 9500),
            Self.place(.rejected, joined: 9000),
        ] {
            let verdict = Self.verdict(rows: [6: row])
            #expect(verdict.unexplained.count == 1, "\(row)")
            #expect(!verdict.holds)
        }
        let confirm = Self.request(.confirm, 6, .unknown, at: 9600)
        #expect(Self.verdict(confirm, rows: [6: Self.place(.confirmed, joined: 9000, offered: 9500)]).holds)
        #expect(Self.verdict(confirm, rows: [6: Self.place(.confirmed, joined: 9000)]).unexplained.count == 1)
        let refused = Self.request(.leave, 6, .refused("order-state"), at: 9600)
        #expect(Self.verdict(refused, rows: [6: Self.place(.cancelled, joined: 9000)]).unexplained.count == 1)
    }

    @Test func anOfferThatEndsEarlyIsDetected() {
        let refused = Self.request(.confirm, 2, .refused("order-state"), at: 3000)
        #expect(Self.verdict(refused).shortOffers.count == 1)
        #expect(!Self.verdict(refused).holds)
        #expect(Self.verdict(Self.request(.confirm, 2, .refused("order-state"), at: 12_000)).holds)
        let left = Self.request(.leave, 2, .unknown, at: 2900)
        #expect(Self.verdict(left, refused).shortOffers.isEmpty)
        let early = Self.request(.look, 2, .order(.expired), at: 11_000)
        #expect(Self.verdict(early).shortOffers.count == 1)
        // The offer, or its end, was lost.
        #expect(Self.verdict(refused, losses: [2700...2800]).shortOffers.isEmpty)
        #expect(Self.verdict(early, losses: [11_500...11_600]).shortOffers.isEmpty)
    }

    @Test func aPlaceThatCouldHaveItsUnitsIsDetected() {
        #expect(Self.verdict(available: 3).unserved.count == 1)
        #expect(!Self.verdict(available: 3).holds)
    }

    // MARK: Places are orders

    private static let ids: KeyedIDs = {
        let ids = KeyedIDs()
        ids.set(InstallationSecret())
        return ids
    }()

    private static func verdict(_ outcome: Operation.Outcome, hasRow: Bool) -> Verdict {
        let key = IdempotencyScope(event: .demo, customer: "c", key: "\u{1}place\u{1}k")
        let own = OrderID(at: Timestamp(milliseconds: 5), partition: 0, keyHash: ids.hashes(of: key, at: .now)?.own)
        let row = FinalState.Row(event: "demo", quantity: 1, customer: "c", state: .waiting)
        let kind = Operation.Kind.join(event: "demo", quantity: 1, customer: "c", key: "k")
        return Verdict(
            [Operation(kind: kind, outcome: outcome)],
            FinalState(rows: hasRow ? [own: row] : [:], events: [:], ids: ids))
    }

    @Test func aPlaceThatWasAcknowledgedIsInTheLedger() {
        #expect(Self.verdict(.ok(Self.id(1), .waiting), hasRow: false).lost == [Self.id(1)])
        // A request without an outcome explains the row of its key.
        #expect(Self.verdict(.unknown(nil), hasRow: true).holds)
        #expect(Self.verdict(.refused("on-waitlist"), hasRow: true).doubled.count == 1)
    }
}
