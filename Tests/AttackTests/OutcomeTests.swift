import Foundation
import Testing
import TicketBlitzClient

@testable import Attack

/// The outcome that a client derives from a response.
struct OutcomeTests {
    private func outcome(_ status: Int, _ body: String) -> Outcome {
        Outcome(TargetResponse(APIResponse(status: status, body: Data(body.utf8))))
    }

    @Test func onlyAResponseThatStatesThatNothingWasChangedIsARefusal() {
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

    @Test func onlyAnAttemptThatWasNotSentIsARefusal() {
        #expect(Outcome(.noConnection) == .refused(code: "no-connection"))
        #expect(Outcome(.timeout) == .unknown(code: "timeout", ticket: nil))
        #expect(Outcome(.connectionLost) == .unknown(code: "connection-lost", ticket: nil))
    }
}
