import RedisClient
import TestSupport
import Testing
import WorkerTestSupport

@testable import Domain
@testable import Engine
@testable import Ledger
@testable import RedisSchema

/// A room that Redis has lost continues at the marks of the ledger.
extension RoomTests {
    @Test func aRoomSurvivesTheLossOfRedis() async throws {
        try await withRoom(
            EventTerms(name: "Demo", capacity: 1000, admissionRate: 50, opensAt: later(3600))
        ) { test, keeper in
            try await keeper.round()
            for index in 0..<5 { _ = try await join(test, "n\(index)") }
            _ = try await test.catalogue.put(.demo, EventChange(opensAt: later(-1)))
            try await admit(5, test, keeper)
            try await test.redis("FLUSHDB")
            try await test.recover()
            try await test.catalogue.publish(.demo)
            let restored = try await counters(test)
            #expect(restored.draw?.lobby == 5)
            #expect(restored.admitted >= 5)
            #expect(restored.last == 1000)
            // All who were admitted have a pass.
            let reading = try await reading(test)
            #expect(
                restored.ticks == [
                    RoomTick(from: 0, to: restored.admitted, end: try #require(restored.ticks.first).end)
                ])
            #expect(try #require(restored.ticks.first).end > reading.at)
            let keeper = Keeper(test)
            try await keeper.round()
            #expect(try number(try await join(test)) == 1001)
        }
    }

    private func lose(_ test: TestStores) async throws {
        try await test.redis("FLUSHDB")
        try await test.recover()
        try await test.catalogue.publish(.demo)
    }

    /// At this rate the mark of the admissions is beyond that of the numbers. Otherwise the next people would find their passes ended.
    @Test func nobodyWithoutANumberIsAdmittedByALoss() async throws {
        try await withRoom(EventTerms(name: "Demo", capacity: 1000, admissionRate: 1000)) { test, keeper in
            try await keeper.round()
            _ = try await join(test)
            try await admit(1, test, keeper)
            try await lose(test)
            let restored = try await counters(test)
            #expect(restored.last == 1000)
            #expect(restored.admitted == 1000)
            try await Keeper(test).round()
            #expect(try number(try await join(test)) == 1001)
            #expect(try await counters(test).admitted == 1000)
        }
    }

    /// How many passes are valid does not follow from the present rate.
    @Test func validPassesSurviveALossAfterAChangeOfTheRate() async throws {
        try await withRoom(
            EventTerms(name: "Demo", capacity: 1000, admissionRate: 1000, passSeconds: 10)
        ) { test, keeper in
            try await keeper.round()
            for _ in 0..<300 { _ = try await join(test) }
            try await admit(300, test, keeper)
            _ = try await test.catalogue.put(.demo, EventChange(admissionRate: 1))
            try await lose(test)
            #expect(try await counters(test).ticks.first?.from == 0)
        }
    }

    private func endedUntil(_ test: TestStores) async throws -> Int {
        try await test.ledger.room(of: .demo, generation: 1)?.marks.endedUntil ?? 0
    }

    /// What has ended is not valid again: the ledger knows of it.
    @Test func passesThatHaveEndedStayEndedAfterALoss() async throws {
        try await withRoom(
            EventTerms(name: "Demo", capacity: 1000, admissionRate: 1000, passSeconds: 10)
        ) { test, keeper in
            try await keeper.round()
            for _ in 0..<300 { _ = try await join(test) }
            try await admit(300, test, keeper)
            _ = try await test.catalogue.put(.demo, EventChange(admissionRate: 10))
            // The last hundred are ten seconds of people.
            try await eventually("the ledger knows of passes that have ended") {
                try await keeper.round()
                return try await endedUntil(test) > 200
            }
            try await lose(test)
            #expect(try await counters(test).ticks.first?.from == endedUntil(test))
        }
    }

    /// 1000 numbers may belong to people or to nobody. If each kept one of the two units until its pass ended, who comes later would
    /// wait for hours.
    @Test func numbersThatMayBelongToNobodyKeepNoUnit() async throws {
        try await withRoom(EventTerms(name: "Demo", capacity: 2, admissionRate: 1000)) { test, keeper in
            try await keeper.round()
            _ = try await join(test)
            try await lose(test)
            let keeper = Keeper(test)
            try await keeper.round()
            #expect(try number(try await join(test)) == 1001)
            try await admit(1001, test, keeper)
            #expect(try await counters(test).outstanding == 1)
        }
    }

    @Test func whoCertainlyHasANumberKeepsAUnit() async throws {
        try await withRoom(EventTerms(name: "Demo", capacity: 3, admissionRate: 1)) { test, keeper in
            try await keeper.round()
            for _ in 0..<700 { _ = try await join(test) }
            try await keeper.round()
            #expect(try await test.ledger.room(of: .demo, generation: 1)?.marks.numbersGiven == 700)
            try await lose(test)
            let admitted = try await counters(test).admitted
            #expect(try await counters(test).outstanding == admitted)
            try await Keeper(test).round()
            #expect(try await counters(test).stop == .passes)
        }
    }

    /// Most of the lobby's numbers belong to nobody, and nobody knows which ranks are theirs.
    @Test func aLobbyOfPeopleAndOfNobodyIsAdmitted() async throws {
        let terms = EventTerms(name: "Demo", capacity: 3, admissionRate: 1000, opensAt: later(3600))
        try await withRoom(terms) { test, keeper in
            try await keeper.round()
            for _ in 0..<60 { _ = try await join(test) }
            try await lose(test)
            _ = try await test.catalogue.put(.demo, EventChange(opensAt: later(-1)))
            let keeper = Keeper(test)
            try await admit(1000, test, keeper)
            #expect(try await counters(test).draw?.lobby == 1000)
            #expect(try await counters(test).outstanding == 0)
        }
    }

    /// Its holder was not counted when the pass was given.
    @Test func aPassThatWasNotCountedReleasesNoOther() async throws {
        try await withRoom(EventTerms(name: "Demo", capacity: 3, admissionRate: 1000)) { test, keeper in
            try await keeper.round()
            _ = try await join(test)
            try await lose(test)
            let keeper = Keeper(test)
            try await keeper.round()
            for _ in 0..<2 { _ = try await join(test) }
            try await admit(1002, test, keeper)
            #expect(isAccepted(try await claim(test, try await pass(test, 1))))
            #expect(try await counters(test).outstanding == 2)
            #expect(isAccepted(try await claim(test, try await pass(test, 1001))))
            #expect(try await counters(test).outstanding == 1)
        }
    }

    /// A second loss, before those who may not exist have had their turns.
    @Test func whatIsUncertainStaysUncertainInASecondLoss() async throws {
        let terms = EventTerms(name: "Demo", capacity: 3, admissionRate: 1000, opensAt: later(3600))
        try await withRoom(terms) { test, keeper in
            try await keeper.round()
            for _ in 0..<60 { _ = try await join(test) }
            try await lose(test)
            let keeper = Keeper(test)
            try await keeper.round()
            for _ in 0..<700 { _ = try await join(test) }
            try await keeper.round()
            let marks = try #require(try await test.ledger.room(of: .demo, generation: 1)?.marks)
            #expect(marks.numbersUntil > 2000)
            #expect(marks.numbersGiven == 0)
        }
    }
}
