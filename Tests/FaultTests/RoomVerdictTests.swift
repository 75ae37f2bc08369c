import Testing

@testable import Domain

/// The checker of waiting rooms detects each violation. The lobby has the numbers 1 to 4, whose ranks are 3, 1, 4 and 2.
@Suite struct RoomVerdictTests {
    private static func place(_ number: Int, text: String? = nil) -> RoomPlace {
        RoomPlace(text: text ?? "room.\(number)", generation: 1, number: number)
    }

    private static func pass(_ number: Int, end: Int64 = 100_000) -> RoomPass { RoomPass(number: number, end: end) }

    private static func join(
        _ person: String, _ number: Int, _ standing: RoomStanding = .lobby, at time: Int64, isNamed: Bool = true,
        text: String? = nil
    ) -> RoomRequest {
        RoomRequest(
            kind: .join(person: person, isNamed: isNamed), outcome: .standing(place(number, text: text), standing),
            begun: time, ended: time + 10, process: "0.1")
    }

    private static func look(
        _ number: Int, _ standing: RoomStanding, at time: Int64, process: String = "0.1"
    ) -> RoomRequest {
        RoomRequest(
            kind: .look(place(number)), outcome: .standing(place(number), standing), begun: time, ended: time + 10,
            process: process)
    }

    private static func buy(
        _ number: Int, _ quantity: Int = 1, _ outcome: RoomRequest.Outcome? = nil, order: UInt64 = 1, at time: Int64
    ) -> RoomRequest {
        RoomRequest(
            kind: .buy(place(number), pass(number), quantity: quantity),
            outcome: outcome ?? .bought(OrderID(milliseconds: 1, partition: 0, random: order)), begun: time,
            ended: time + 10)
    }

    private static func state(losses: [ClosedRange<Int64>] = [], sold: Int? = nil) -> RoomState {
        RoomState(
            event: .demo, rate: 10, maxQuantity: 2, capacity: 3, sold: sold,
            draw: RoomState.Draw(lobby: 4, ranks: [3, 1, 4, 2], seed: "ab"), losses: losses)
    }

    /// Everybody joins, and the ranks 1 and 2 are admitted.
    private static let clean: [RoomRequest] = [
        join("a", 1, at: 0), join("b", 2, at: 0), join("c", 3, at: 0), join("d", 4, at: 0),
        join("a", 1, at: 100), look(1, .waiting(ahead: 2), at: 1000), join("e", 5, .waiting(ahead: 4), at: 1000),
        look(2, .admitted(pass(2)), at: 2000), look(4, .admitted(pass(4)), at: 2000),
        look(1, .waiting(ahead: 0), at: 2300), buy(2, order: 1, at: 3000), buy(2, order: 2, at: 3000),
        buy(2, 1, .refused("pass-used"), at: 3100), buy(4, order: 3, at: 3000),
        look(1, .soldOut, at: 4000), look(3, .soldOut, at: 4000), look(5, .soldOut, at: 4000),
    ]

    private static func verdict(_ more: RoomRequest..., state: RoomState = state()) -> RoomVerdict {
        RoomVerdict(clean + more, state)
    }

    @Test func aCleanHistoryHolds() {
        let draw = ShownDraw(lobby: 4, drawnAt: "t", seed: "ab")
        let verdict = RoomVerdict(Self.clean, Self.state(sold: 3), draws: [draw])
        #expect(verdict.holds, "\(verdict)")
        #expect(verdict.places == 5)
        #expect(verdict.bought == 3)
    }

    @Test func aNumberOfTwoPeopleIsDetected() {
        let verdict = Self.verdict(Self.join("f", 5, .soldOut, at: 5000, text: "room.5b"))
        #expect(verdict.shared.count == 1)
        #expect(!verdict.holds)
    }

    @Test func aPersonWithAnotherPlaceIsDetected() {
        let again = Self.join("a", 6, .soldOut, at: 5000)
        #expect(Self.verdict(again).moved == ["a from 1 to 6"])
        // Redis has forgotten the name, or the pass has ended.
        #expect(Self.verdict(again, state: Self.state(losses: [4000...4500])).holds)
        #expect(Self.verdict(again, state: Self.state(losses: [50...60])).moved.count == 1, "before the last answer")
        #expect(Self.verdict(Self.join("b", 6, .soldOut, at: 100_001)).holds)
        #expect(Self.verdict(Self.join("b", 6, .soldOut, at: 99_000)).moved == ["b from 2 to 6"])
        let nobody = Self.join("n", 6, .soldOut, at: 5000, isNamed: false)
        #expect(Self.verdict(nobody, Self.join("n", 7, .soldOut, at: 5000, isNamed: false)).holds)
    }

    @Test func aLostPlaceIsDetected() {
        let unknown = RoomRequest(
            kind: .look(Self.place(3)), outcome: .refused("place-not-found"), begun: 5000, ended: 5001)
        #expect(Self.verdict(unknown).lost == ["3 was not found"])
        #expect(Self.verdict(Self.look(3, .over, at: 5000)).lost == ["3 is over"])
        #expect(!Self.verdict(unknown).holds)
    }

    @Test(arguments: [RoomStanding.lobby, .waiting(ahead: 1)])
    func aPlaceWithoutAnEndIsDetected(standing: RoomStanding) {
        let verdict = Self.verdict(Self.look(3, standing, at: 5000, process: "1.1"))
        #expect(verdict.unended.count == 1)
        #expect(!verdict.holds)
    }

    @Test func aStandingThatTheDrawDoesNotExplainIsDetected() {
        #expect(Self.verdict(Self.look(1, .waiting(ahead: 3), at: 1000)).wrongRanks.count == 1)
        var undrawn = Self.state()
        undrawn.draw = nil
        #expect(!Self.verdict(state: undrawn).wrongRanks.isEmpty)
    }

    /// Two are admitted at 2000.
    @Test(arguments: [
        (1, RoomStanding.waiting(ahead: 1)), (2, .waiting(ahead: 0)), (4, .waiting(ahead: 0)), (2, .soldOut),
    ])
    func whoIsAdmittedStaysAdmitted(number: Int, standing: RoomStanding) {
        let verdict = Self.verdict(Self.look(number, standing, at: 2300))
        #expect(verdict.wentBack.count == 1)
        #expect(!verdict.holds)
        // Another process can be behind.
        #expect(Self.verdict(Self.look(number, standing, at: 2200)).wentBack.isEmpty)
    }

    @Test func whoIsAdmittedOutOfTurnIsDetected() {
        // The rank 4 is admitted, and then the rank 3 waits.
        let verdict = Self.verdict(Self.look(3, .admitted(Self.pass(3)), at: 2010))
        #expect(verdict.wentBack.count == 3, "\(verdict)")
    }

    @Test func anotherDrawIsDetected() {
        let draws: [ShownDraw] = [
            .init(lobby: 4, drawnAt: "t", seed: "cd"), .init(lobby: 5, drawnAt: "t", seed: "ab"),
        ]
        for draw in draws { #expect(RoomVerdict(Self.clean, Self.state(), draws: [draw]).redrawn.count == 1) }
        let twice = ["t", "u"].map { ShownDraw(lobby: 4, drawnAt: $0, seed: "ab") }
        #expect(RoomVerdict(Self.clean, Self.state(), draws: Set(twice)).redrawn.count == 1)
    }

    @Test func aLobbyThatReturnsIsDetected() {
        #expect(Self.verdict(Self.look(1, .lobby, at: 3000)).redrawn.count == 1)
        // A process that has just started computes the ranks.
        #expect(Self.verdict(Self.look(1, .lobby, at: 3000, process: "0.2")).holds)
    }

    @Test func aPlaceWithTwoPassesIsDetected() {
        let other = Self.look(2, .admitted(Self.pass(2, end: 200_000)), at: 5000)
        #expect(Self.verdict(other).twoPasses.count == 1)
        #expect(Self.verdict(other, state: Self.state(losses: [3000...4000])).holds)
        #expect(Self.verdict(other, state: Self.state(losses: [500...600])).twoPasses.count == 1)
        #expect(Self.verdict(Self.look(2, .admitted(Self.pass(4)), at: 5000)).twoPasses.count == 1)
    }

    @Test func aPassThatEndsEarlyIsDetected() {
        #expect(Self.verdict(Self.look(2, .expired, at: 99_000)).shortPasses.count == 1)
        #expect(Self.verdict(Self.look(2, .expired, at: 100_000)).holds)
        #expect(Self.verdict(Self.buy(2, 1, .refused("pass-expired"), at: 99_000)).shortPasses.count == 1)
        #expect(Self.verdict(Self.buy(2, 1, .refused("pass-expired"), at: 100_000)).holds)
        for code in ["pass-invalid", "pass-required"] {
            #expect(Self.verdict(Self.buy(4, 1, .refused(code), at: 5000)).shortPasses.count == 1)
        }
        // Also after a loss.
        let state = Self.state(losses: [3000...4000])
        #expect(Self.verdict(Self.look(2, .expired, at: 5000), state: state).shortPasses.count == 1)
    }

    @Test func aNewPlaceThatHasEndedIsDetected() {
        #expect(Self.verdict(Self.join("x", 6, .expired, at: 5000)).shortPasses == ["x got 6, which had ended"])
    }

    @Test func aPassThatBuysTooMuchIsDetected() {
        let more = Self.buy(2, 2, order: 9, at: 5000)
        #expect(Self.verdict(more).miscounted.count == 1)
        #expect(Self.verdict(more, state: Self.state(losses: [3000...4000])).holds)
        #expect(Self.verdict(Self.buy(2, order: 1, at: 5000)).holds, "a repetition")
    }

    @Test func aPassThatIsRefusedTooEarlyIsDetected() {
        let refused = Self.buy(4, 1, .refused("pass-used"), at: 5000)
        #expect(Self.verdict(refused).miscounted == ["4 could not buy 1 more"])
        #expect(Self.verdict(Self.buy(4, 1, .unknown, at: 4000), refused).holds)
    }

    @Test func anAdmissionAboveTheRateIsDetected() {
        let looks = [Self.join("x", 40, .admitted(Self.pass(40)), at: 2400)]
        let verdict = RoomVerdict(Self.clean + looks, Self.state())
        #expect(verdict.tooFast.count == 1)
        #expect(RoomVerdict(Self.clean + looks, Self.state(losses: [2300...2350])).tooFast.isEmpty)
        let later = Self.join("x", 40, .admitted(Self.pass(40)), at: 7500)
        #expect(RoomVerdict(Self.clean + [later], Self.state()).tooFast.isEmpty)
    }

    @Test(arguments: [2, 4]) func aSaleOfAnotherNumberIsDetected(sold: Int) {
        let verdict = RoomVerdict(Self.clean, Self.state(sold: sold))
        #expect(verdict.unsold.count == 1)
        #expect(!verdict.holds)
    }

    /// A place and a pass of an API, as text.
    @Test func textsAreRead() throws {
        let place = try #require(RoomPlace("a.b.AQAAAAIAAAEBAAAAAAAAAAD_____________________"))
        #expect(place.generation == 2)
        #expect(place.number == 257)
        #expect(RoomPlace("a.AQAA") == nil)
        let pass = try #require(RoomPass("AQAAAAABAAAAAwAAAZ0AAAAA_____________________w"))
        #expect(pass.number == 3)
        #expect(pass.end == 0x19d << 32)
    }

    /// The order of docs/waiting-room.md: the same as `deploy/scripts/check-draw.py` computes.
    @Test func theOrderIsThatOfTheDraw() {
        let secret = (0..<32).map { UInt8($0) }
        let draw = RoomState.Draw(lobby: 8, secret: secret, event: .demo, generation: 1)
        #expect(draw.ranks == [2, 5, 4, 3, 1, 7, 6, 8])
        #expect(draw.seed == "834b7434be022549791daa0edc618e7ee29761b6c7f204afb9c43145d165471f")
    }
}
