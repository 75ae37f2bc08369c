import Foundation
import Testing
import TicketBlitzClient

@testable import Attack

/// When people look again, and what they note.
struct RoomPersonTests {
    private func place(_ fields: String, retryAfter: Int? = 5) throws -> RoomPlace {
        let text = #"{"place":"e.x","event":"e","status_url":"/room/e.x",\#(fields)}"#
        return try RoomPlace(
            APIResponse(status: 200, retryAfter: retryAfter.map(String.init), body: Data(text.utf8)))
    }

    private func pause(_ place: RoomPlace, opening: Duration = .zero, random: Double = 0) -> Duration {
        RoomPerson.pause(after: place, untilOpening: opening, rate: 10, spread: .seconds(8), random: random)
    }

    @Test func aLobbySleepsUntilTheOpening() throws {
        let lobby = try place(#""state":"lobby""#)
        #expect(pause(lobby, opening: .seconds(60)) == .seconds(60))
        #expect(pause(lobby, opening: .seconds(60), random: 1) == .seconds(68))
        #expect(pause(lobby, opening: .seconds(1)) == .seconds(5))
        #expect(pause(lobby) == .seconds(5))
    }

    @Test func aFarPlaceSleepsForMostOfItsEstimate() throws {
        #expect(pause(try place(#""state":"waiting","ahead":900,"estimate_s":100"#)) == .seconds(70))
        #expect(pause(try place(#""state":"waiting","ahead":9,"estimate_s":4"#)) == .seconds(5))
        #expect(pause(try place(#""state":"waiting","ahead":9"#)) == .seconds(5))
        #expect(pause(try place(#""state":"waiting","ahead":9"#), random: 1) == .milliseconds(6250))
        #expect(pause(try place(#""state":"waiting","ahead":1000"#)) == .seconds(70))
    }

    @Test func onlyWhatCanChangeSoonIsWaitedFor() throws {
        func isWorth(_ fields: String, opening: Duration = .zero) throws -> Bool {
            RoomPerson.isWorthWaiting(try place(fields), untilOpening: opening, rate: 10)
        }
        #expect(try isWorth(#""state":"lobby""#, opening: .seconds(4)))
        #expect(try !isWorth(#""state":"lobby""#, opening: .seconds(6)))
        #expect(try isWorth(#""state":"waiting","ahead":900,"estimate_s":5"#))
        #expect(try !isWorth(#""state":"waiting","ahead":900,"estimate_s":6"#))
        #expect(try isWorth(#""state":"waiting","ahead":50,"reason":"passes""#))
        #expect(try !isWorth(#""state":"waiting","ahead":60,"reason":"passes""#))
        #expect(try !isWorth(#""state":"expired""#))
    }

    @Test func theRateIsThatOfTheLongestRow() {
        func sample(_ at: UInt32, _ admitted: Int, _ isAdmitting: Bool = true) -> RoomWatch.Sample {
            RoomWatch.Sample(at: at, admitted: admitted, isAdmitting: isAdmitting)
        }
        #expect(RoomFigures.rate([]) == nil)
        #expect(RoomFigures.rate([sample(0, 0)]) == nil)
        let samples = [
            sample(0, 0), sample(500, 90), sample(1000, 90, false), sample(1500, 100), sample(2000, 150),
            sample(2500, 200),
        ]
        #expect(RoomFigures.rate(samples) == 100)
    }

    @Test func whatIsSeenIsNoted() throws {
        var person = RoomPerson()
        func note(_ fields: String, _ sent: UInt32) throws {
            person.note(try place(fields), sent: sent, arrived: sent + 10, passSeconds: 30)
        }
        try note(#""state":"lobby""#, 1)
        try note(#""state":"waiting","ahead":7"#, 2)
        try note(#""state":"waiting","ahead":3"#, 3)
        #expect(person.visit.waitedAt == 3)
        #expect(person.visit.ahead == 7)
        let admitted = #""state":"admitted","pass":"p","expires_at":"2027-01-15T08:00:"#
        try note(admitted + #"30.250Z""#, 4)
        try note(admitted + #"30.250Z""#, 5)
        #expect(person.visit.admittedAt == 1_800_000_000_250)
        #expect(person.visit.seenAt == 14)
        #expect(person.visit.marks == [])
        try note(admitted + #"31.250Z""#, 6)
        #expect(person.visit.marks == .twice)
        try note(#""state":"waiting","ahead":0"#, 7)
        #expect(person.visit.marks == [.twice, .sentBack])
        try note(#""state":"expired""#, 8)
        try note(#""state":"sold_out""#, 9)
        try note(#""state":"over""#, 10)
        #expect(person.visit.expiredAt == 18)
        #expect(person.visit.marks == [.twice, .sentBack, .soldOut, .over])
    }

    @Test func percentilesAreValues() {
        #expect(Percentiles([]) == nil)
        let all = Percentiles((1...200).map(Double.init))
        #expect(all?.p50 == 100)
        #expect(all?.p90 == 180)
        #expect(all?.p99 == 198)
        #expect(all?.max == 200)
        #expect(Percentiles([3])?.p50 == 3)
    }
}
