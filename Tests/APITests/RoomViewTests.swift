import Testing

@testable import API
@testable import Domain
@testable import RedisSchema

@Suite struct RoomViewTests {
    private static let now = Timestamp(milliseconds: 1_000_000)
    private static let end = Timestamp(milliseconds: 1_500_000)

    private func view(
        rate: String? = "10", admitted: Int = 0, shown: Int? = nil, draw: Bool = true, ranks: [UInt32]? = [2, 3, 1],
        reason: String = "",
        closesAt: Int64? = nil, ticks: [RoomTick] = []
    ) throws -> RoomView {
        var event = ["generation": "1"]
        event["admission_rate"] = rate
        event["closes_at"] = closesAt.map { String($0) }
        var room = [
            "generation": "1", "last": "100", "admitted": String(admitted), "ticks": String(ticks.count),
            "reason": reason, "outstanding": "0", "shown": String(shown ?? admitted),
        ]
        if draw { room.merge(["saved": "1", "lobby": "3", "drawn_at": "5"]) { $1 } }
        let reading = RoomReading(event: event, room: room, ticks: ticks, limit: 16, at: Self.now)
        return RoomView(
            event: .demo, reading: try #require(reading), ranks: ranks, ticks: ticks,
            draw: RoomView.Draw(commitment: "c", secret: "s"))
    }

    private func state(_ number: Int, generation: Int = 1, in view: RoomView) -> PlaceState {
        view.state(of: Place(event: .demo, generation: generation, number: number, customer: 0))
    }

    @Test func theLobbyIsDrawnAndLaterPlacesFollow() throws {
        let view = try view()
        #expect(state(3, in: view) == .waiting(ahead: 0, seconds: 0))
        #expect(state(1, in: view) == .waiting(ahead: 1, seconds: 0))
        #expect(state(2, in: view) == .waiting(ahead: 2, seconds: 0))
        #expect(state(50, in: view) == .waiting(ahead: 49, seconds: 4))
    }

    /// A reading while a worker admits people: the replicas do not have the last admission, and the counters lack another.
    @Test func whatTheReplicasLackIsNotShown() throws {
        let ticks = [(0, 2), (2, 5), (5, 6)].map { RoomTick(from: $0.0, to: $0.1, end: Self.end) }
        let room = ["generation": "1", "last": "9", "admitted": "5", "shown": "2", "ticks": "7"]
        let reading = RoomReading(
            event: ["generation": "1", "admission_rate": "1"], room: room, ticks: ticks, limit: 16, at: Self.now)
        let counters = try #require(reading?.counters)
        #expect(counters.admitted == 2)
        #expect(counters.ticks == [ticks[0]])
        #expect(counters.tickCount == 6)
    }

    @Test func nobodyHasARankBeforeTheDraw() throws {
        #expect(state(1, in: try view(draw: false)) == .lobby)
        #expect(state(50, in: try view(draw: false)) == .lobby)
        #expect(state(1, in: try view(ranks: nil)) == .lobby, "the order is being computed")
    }

    @Test func whoIsAdmittedHasThePassOfItsAdmission() throws {
        let ticks = [
            RoomTick(from: 1, to: 4, end: Self.end), RoomTick(from: 4, to: 6, end: Timestamp(milliseconds: 1_600_000)),
        ]
        let view = try view(admitted: 6, ticks: ticks)
        #expect(state(3, in: view) == .expired, "the admission of rank 1 is forgotten")
        #expect(state(1, in: view) == .admitted(end: Self.end))
        #expect(state(4, in: view) == .admitted(end: Self.end))
        #expect(state(5, in: view) == .admitted(end: Timestamp(milliseconds: 1_600_000)))
        #expect(state(6, in: view) == .admitted(end: Timestamp(milliseconds: 1_600_000)))
        #expect(state(7, in: view) == .waiting(ahead: 0, seconds: 0))
        let past = try self.view(admitted: 6, ticks: [RoomTick(from: 0, to: 6, end: Self.now)])
        #expect(state(5, in: past) == .expired)
    }

    @Test func thereIsNoEstimateWhileAdmissionStandsStill() throws {
        for reason in RoomStop.allCases where reason != .soldOut {
            #expect(state(50, in: try view(reason: reason.rawValue)) == .waiting(ahead: 49, seconds: nil))
        }
        #expect(state(50, in: try view(reason: "sold_out")) == .soldOut)
    }

    @Test func aPlaceEndsWithItsSale() throws {
        #expect(state(50, generation: 2, in: try view()) == .over)
        #expect(state(50, in: try view(rate: nil)) == .over)
        #expect(state(50, in: try view(closesAt: Self.now.milliseconds)) == .over)
        #expect(state(50, in: try view(closesAt: Self.now.milliseconds + 1)) != .over)
    }
}

@Suite struct RoomTicksTests {
    private func counters(_ ticks: [RoomTick], count: Int, hasAll: Bool = false) -> RoomReading.Counters {
        RoomReading.Counters(
            last: 0, draw: nil, admitted: 0, outstanding: 0, stop: nil, tickCount: count, ticks: ticks,
            hasAllTicks: hasAll)
    }

    private func tick(_ number: Int, lost: Bool = false) -> RoomTick {
        RoomTick(from: number - 1, to: number, end: Timestamp(milliseconds: Int64(100 * number + (lost ? 1 : 0))))
    }

    private let start = Timestamp(milliseconds: 0)

    @Test func readingsContinueEachOther() {
        var ticks = RoomTicks()
        ticks.add(counters((1...4).map { tick($0) }, count: 4, hasAll: true), at: start)
        ticks.add(counters((3...6).map { tick($0) }, count: 6), at: start)
        #expect(ticks.valid == (1...6).map { tick($0) })
        ticks.add(counters((3...6).map { tick($0) }, count: 6), at: tick(2).end)
        #expect(ticks.valid == (3...6).map { tick($0) }, "passes have ended")
        #expect(ticks.count == 6)
    }

    /// Redis has lost the room: its admissions are others, even if they are as many.
    @Test(arguments: [1, 4, 5, 9]) func aReadingOfAnotherRoomBeginsAnew(count: Int) {
        var ticks = RoomTicks()
        ticks.add(counters((1...4).map { tick($0) }, count: 4, hasAll: true), at: start)
        let others = (1...4).map { tick($0, lost: true) }
        ticks.add(counters(others, count: count), at: start)
        #expect(ticks.valid == others)
        #expect(ticks.count == 0, "the next reading finds all")
    }
}
