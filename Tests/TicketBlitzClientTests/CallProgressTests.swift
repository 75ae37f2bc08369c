import Foundation
import Testing

@testable import TicketBlitzClient

/// What a call does after its attempts.
struct CallProgressTests {
    private let key = IdempotencyKey()

    private func problem(_ status: Int, _ code: String, _ more: String = "") -> SaleError.Cause {
        let body = #"{"code":"\#(code)","title":"t","detail":"d"\#(more)}"#
        return .problem(Problem(APIResponse(status: status, body: Data(body.utf8))))
    }

    /// What follows the last of some attempts, with a minute left and the full jitter.
    private func end(_ causes: [SaleError.Cause], _ request: APIRequest? = nil) -> CallProgress.Next? {
        var progress = CallProgress(request ?? .buy("demo", key: key))
        return causes.map { progress.next(after: $0, left: .seconds(60), backoff: RetryBackoff(), random: 1) }.last
    }

    private func unknown(_ cause: SaleError.Cause, _ attempts: Int, ticket: String? = nil) -> CallProgress.Next {
        .failed(.outcomeUnknown(.init(cause: cause, attempts: attempts, key: key, ticket: ticket)))
    }

    @Test(arguments: [
        (400, "invalid-request"), (401, "unauthorized"), (404, "event-not-found"), (409, "all-held"),
        (409, "order-state"), (410, "sold-out"), (410, "hold-expired"), (422, "idempotency-key-reused"),
        (429, "hold-paused"),
    ]) func aRefusalEndsTheCall(status: Int, code: String) throws {
        let refusal = problem(status, code)
        #expect(end([refusal]) == .failed(.refused(try #require(refusal.problem))))
    }

    @Test(arguments: [
        (408, "request-timeout"), (429, "rate-limited"), (500, "internal-error"), (503, "recovering"),
        (503, "queue-full"), (503, "store-unavailable"), (502, "none"),
    ]) func whatCanPassIsRepeated(status: Int, code: String) {
        #expect(end([problem(status, code)]) == .again(after: .milliseconds(100)))
    }

    @Test(arguments: [AttemptFailure.noConnection, .timeout, .connectionLost])
    func anAttemptWithoutAResponseIsRepeated(failure: AttemptFailure) {
        #expect(end([.attempt(failure)]) == .again(after: .milliseconds(100)))
    }

    /// A claim looks for its key before the end of the pass, and before nothing else that a 403 reports.
    @Test func aPassThatHasEndedSettlesWhatWasLost() throws {
        let expired = problem(403, "pass-expired")
        #expect(
            end([.attempt(.timeout), expired]) == .failed(.refused(try #require(expired.problem))))
        let invalid = problem(403, "pass-invalid")
        #expect(end([.attempt(.timeout), invalid]) == unknown(invalid, 2))
    }

    /// A room that is busy has given no place.
    @Test func aBusyRoomHasChangedNothing() {
        let busy = problem(503, "room-busy")
        var progress = CallProgress(.joinRoom("gala", key: key))
        #expect(
            progress.next(after: busy, left: .zero, backoff: RetryBackoff(), random: 1)
                == .failed(.unavailable(.init(cause: busy, attempts: 1, key: key))))
    }

    @Test func theDelayDoublesUpToItsLimit() {
        let failures = Array(repeating: SaleError.Cause.attempt(.noConnection), count: 8)
        #expect(end(Array(failures.prefix(3))) == .again(after: .milliseconds(400)))
        #expect(end(failures) == .again(after: .seconds(5)))
    }

    @Test func retryAfterIsWaitedFor() {
        let refusal = problem(429, "rate-limited", #","retry_after_s":7"#)
        #expect(end([refusal]) == .again(after: .milliseconds(7500)))
    }

    @Test func aWaitBeyondTheEndEndsTheCall() {
        let refusal = problem(429, "rate-limited", #","retry_after_s":60"#)
        #expect(end([refusal]) == .failed(.unavailable(.init(cause: refusal, attempts: 1, key: key))))
    }

    @Test func withoutAConnectionNothingWasChanged() {
        var progress = CallProgress(.buy(key: key))
        let cause = SaleError.Cause.attempt(.noConnection)
        let next = progress.next(after: cause, left: .zero, backoff: RetryBackoff())
        #expect(next == .failed(.unavailable(.init(cause: cause, attempts: 1, key: key))))
    }

    @Test func aLostResponseLeavesTheOutcomeOpen() {
        #expect(end([.attempt(.timeout), .attempt(.cancelled)]) == unknown(.attempt(.cancelled), 2))
        let refusal = problem(401, "unauthorized")
        #expect(end([.attempt(.connectionLost), refusal]) == unknown(refusal, 2))
    }

    @Test func theAnswerToALaterAttemptSettlesIt() throws {
        let refusal = problem(410, "sold-out")
        #expect(end([.attempt(.timeout), refusal]) == .failed(.refused(try #require(refusal.problem))))
    }

    @Test func aResponseOfAProxyDoesNotSettleIt() throws {
        let refusal = SaleError.Cause.problem(Problem(APIResponse(status: 404, body: Data("<html>".utf8))))
        #expect(end([.attempt(.timeout), refusal]) == unknown(refusal, 2))
        #expect(end([refusal]) == .failed(.refused(try #require(refusal.problem))))
    }

    @Test func theTicketThatMayExistIsNamed() {
        let lost = problem(503, "store-unavailable", #","ticket_id":"x""#)
        #expect(end([lost, .attempt(.cancelled)]) == unknown(.attempt(.cancelled), 2, ticket: "x"))
    }

    @Test func aReadLeavesNothingOpen() {
        let cause = SaleError.Cause.attempt(.cancelled)
        #expect(
            end([.attempt(.timeout), cause], .order("x")) == .failed(.unavailable(.init(cause: cause, attempts: 2))))
    }

    @Test func aURLThatIsNoneIsNotTriedAgain() {
        let cause = SaleError.Cause.attempt(.invalidURL)
        #expect(end([cause]) == .failed(.unavailable(.init(cause: cause, attempts: 1, key: key))))
    }
}
