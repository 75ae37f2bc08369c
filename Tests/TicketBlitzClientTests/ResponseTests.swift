import Foundation
import Testing

@testable import TicketBlitzClient

/// What is read from responses.
struct ResponseTests {
    private func problem(_ status: Int, _ body: String, retryAfter: String? = nil) -> Problem {
        Problem(APIResponse(status: status, retryAfter: retryAfter, body: Data(body.utf8)))
    }

    @Test func aProblemDocumentIsRead() {
        let problem = problem(
            409,
            #"{"type":"/problems/all-held","title":"T","status":409,"detail":"D","code":"all-held","retry_after_s":9}"#)
        #expect(problem.code == .allHeld)
        #expect(problem.detail == "D")
        #expect(problem.retryAfter == .seconds(9))
    }

    @Test func anythingElseIsAProblemToo() {
        let problem = problem(502, "<html>Bad gateway</html>", retryAfter: "3")
        #expect(problem.code.rawValue == "http-502")
        #expect(problem.retryAfter == .seconds(3))
        #expect(self.problem(503, "", retryAfter: "Sun, 29 Nov 2026 09:00:00 GMT").retryAfter == nil)
        #expect(self.problem(503, "", retryAfter: "-5").retryAfter == .zero)
    }

    @Test func onlyAResponseThatSaysSoHasChangedNothing() {
        #expect(problem(410, #"{"code":"sold-out"}"#).statesNothingChanged)
        #expect(problem(503, #"{"code":"recovering"}"#).statesNothingChanged)
        #expect(
            problem(503, #"{"code":"store-unavailable","detail":"…; nothing was changed."}"#).statesNothingChanged)
        #expect(!problem(503, #"{"code":"store-unavailable","detail":"lost"}"#).statesNothingChanged)
        #expect(!problem(500, #"{"code":"internal-error"}"#).statesNothingChanged)
        #expect(!problem(504, "").statesNothingChanged)
    }

    @Test func anOrderIsSettledInTheLedgerOrAtItsEnd() throws {
        func order(_ state: String, _ persisted: Bool) throws -> Order {
            let text =
                #"{"ticket_id":"x","event":"e","quantity":1,"status":"\#(state)","persisted":\#(persisted),"claimed_at":"2026-11-23T21:45:57.315Z"}"#
            return try APIResponse(status: 200, body: Data(text.utf8)).decoded()
        }
        #expect(try !order("pending", false).isSettled)
        #expect(try !order("confirmed", false).isSettled)
        #expect(try order("confirmed", true).isSettled)
        #expect(try order("expired", false).isSettled)
        #expect(try order("held", true).claimedAt.timeIntervalSince1970 == 1_795_470_357.315)
    }
}
