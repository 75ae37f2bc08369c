import Testing

@testable import Domain
@testable import Engine
@testable import RedisSchema

@Suite struct RoomKeeperTests {
    private func counters(
        last: Int = 0, admitted: Int = 0, ended: Int = 0, given: Int = 0, numbersUntil: Int, admittedUntil: Int = 0,
        draw: RoomDraw? = nil,
        isSaved: Bool = true
    ) -> RoomCounters {
        RoomCounters(
            last: last, admitted: admitted, ended: ended, given: given,
            marks: RoomMarks(
                event: .demo, generation: 1, numbersUntil: numbersUntil, admittedUntil: admittedUntil, draw: draw),
            isDrawSaved: isSaved, rate: 20)
    }

    private let draw = RoomDraw(lobby: 3, at: Timestamp(milliseconds: 5))

    @Test func marksAreRaisedBeforeTheyAreReached() {
        #expect(counters(numbersUntil: 0).wantedMarks(joined: 0)?.numbersUntil == 1000)
        #expect(counters(last: 500, numbersUntil: 1000).wantedMarks(joined: 0) == nil)
        #expect(counters(last: 501, numbersUntil: 1000).wantedMarks(joined: 0)?.numbersUntil == 1501)
        #expect(counters(last: 900, numbersUntil: 1000).wantedMarks(joined: 900)?.numbersUntil == 4500)
        #expect(counters(last: 900, numbersUntil: 1000).wantedMarks(joined: 1_000_000)?.numbersUntil == 50_900)
    }

    /// Nobody is admitted before, and a room that Redis has lost would begin with people who are admitted.
    @Test func nobodyIsAllowedToBeAdmittedBeforeTheDraw() {
        #expect(counters(numbersUntil: 1000).wantedMarks(joined: 0) == nil)
        #expect(counters(numbersUntil: 1000, draw: draw).wantedMarks(joined: 0)?.admittedUntil == 200)
        #expect(
            counters(admitted: 100, numbersUntil: 1000, admittedUntil: 200, draw: draw).wantedMarks(joined: 0) == nil)
        #expect(
            counters(admitted: 101, numbersUntil: 1000, admittedUntil: 200, draw: draw).wantedMarks(joined: 0)?
                .admittedUntil == 301)
    }

    @Test func theLedgerLearnsWhichPassesHaveEnded() {
        let room = counters(admitted: 250, ended: 200, numbersUntil: 1000, admittedUntil: 450, draw: draw)
        #expect(room.wantedMarks(joined: 0, endedUntil: 1) == nil)
        #expect(room.wantedMarks(joined: 0)?.endedUntil == 200)
        let other = counters(admitted: 250, ended: 5, numbersUntil: 1000, admittedUntil: 300, draw: draw)
        #expect(other.wantedMarks(joined: 0)?.endedUntil == 5, "with another mark")
    }

    @Test func theLedgerLearnsWhichNumbersWereGiven() {
        let room = counters(last: 600, given: 599, numbersUntil: 1000)
        #expect(room.wantedMarks(joined: 0)?.numbersGiven == 599)
        #expect(counters(last: 400, given: 400, numbersUntil: 1000).wantedMarks(joined: 0) == nil, "only with a mark")
    }

    @Test func aDrawThatTheLedgerLacksIsWritten() {
        let room = counters(numbersUntil: 1000, admittedUntil: 200, draw: draw, isSaved: false)
        #expect(room.wantedMarks(joined: 0)?.draw == draw)
    }

    @Test func manyRoomsTakeTurns() throws {
        let ids = try (0..<100).map { try #require(EventID("e\(100 + $0)")) }
        var position = ""
        let first = RoomKeeper.window(of: ids.shuffled(), after: &position)
        let second = RoomKeeper.window(of: ids.shuffled(), after: &position)
        #expect(first == Array(ids[0..<64]))
        #expect(second == Array(ids[64...] + ids[..<28]))
        #expect(RoomKeeper.window(of: Array(ids[..<64]), after: &position).count == 64)
    }
}
