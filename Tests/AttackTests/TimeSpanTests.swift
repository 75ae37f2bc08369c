import Foundation
import Testing

@testable import Attack

struct TimeSpanTests {
    @Test(arguments: [("5s", 5.0), ("500ms", 0.5), ("2m", 120), ("3", 3), ("0.25s", 0.25)])
    func whatIsATime(text: String, seconds: Double) {
        #expect(TimeSpan(argument: text)?.duration.seconds == seconds)
    }

    @Test(arguments: ["", "0", "-1s", "5h", "s", "1e9", "five"]) func whatIsNone(text: String) {
        #expect(TimeSpan(argument: text) == nil)
    }
}

/// What clients are told becomes, word for word, what they know.
struct OutcomeTests {
    private func outcome(_ status: Int, _ body: String) -> Outcome {
        Outcome(Answer(status: status, bytes: Data(body.utf8)))
    }

    @Test func onlyWhatSaysThatNothingWasChangedIsARefusal() {
        #expect(outcome(202, #"{"ticket_id":"a","status":"pending"}"#) == .accepted(ticket: "a"))
        #expect(outcome(202, #"{"strategy":"naive","status":"sold"}"#) == .accepted(ticket: nil))
        #expect(outcome(410, #"{"code":"sold-out","status":410}"#) == .refused(code: "sold-out"))
        #expect(outcome(503, #"{"code":"queue-full","status":503}"#) == .refused(code: "queue-full"))
        #expect(
            outcome(503, #"{"code":"store-unavailable","detail":"A store does not answer; nothing was changed."}"#)
                == .refused(code: "store-unavailable"))
        #expect(
            outcome(503, #"{"code":"store-unavailable","detail":"The answer was lost.","ticket_id":"b"}"#)
                == .unknown(code: "store-unavailable", ticket: "b"))
        #expect(outcome(502, "<html>") == .unknown(code: "502", ticket: nil))
        #expect(outcome(429, "slow down") == .refused(code: "429"))
    }
}

struct ToldTests {
    private let now = ContinuousClock.now

    private func told(_ outcomes: [Outcome]) -> Told {
        let told = Told()
        for (number, outcome) in outcomes.enumerated() {
            told.add(number, outcome, quantity: 1, latency: .milliseconds(number + 1), at: now)
        }
        return told
    }

    @Test func outcomesAreCountedByKind() {
        let record = told([
            .accepted(ticket: "a"), .accepted(ticket: "b"), .refused(code: "sold-out"), .refused(code: "queue-full"),
            .unknown(code: "timeout", ticket: nil),
        ]).record
        #expect(record.answered == 5)
        #expect(record.acceptedUnits == 2)
        #expect(record.soldOut == 1)
        #expect(record.errors == ["queue-full": 1, "timeout": 1])
        #expect(record.unknownUnits == 1)
    }

    @Test func oneTicketForTwoPurchasesIsNoted() {
        #expect(told([.accepted(ticket: "a"), .accepted(ticket: "a")]).record.givenTwice == ["a"])
    }

    /// A key's second answer settles what the first left open, and must not contradict it.
    @Test func aRetryIsHeldAgainstTheFirstAnswer() {
        let told = told([.unknown(code: "timeout", ticket: nil), .accepted(ticket: "b"), .accepted(ticket: "c")])
        told.addRetry(0, first: .unknown(code: "timeout", ticket: nil), .accepted(ticket: "a"), quantity: 1)
        told.addRetry(1, first: .accepted(ticket: "b"), .accepted(ticket: "b"), quantity: 1)
        #expect(told.record.unknownUnits == 0)
        #expect(told.record.tickets.map(\.id) == ["b", "c", "a"])
        #expect(told.record.keysBroken == [])
        told.addRetry(2, first: .accepted(ticket: "c"), .refused(code: "sold-out"), quantity: 1)
        #expect(told.record.keysBroken == ["c, then sold-out"])
    }
}
