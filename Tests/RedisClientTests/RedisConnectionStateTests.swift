import Testing

@testable import RedisClient

@Suite struct RedisConnectionStateTests {
    @Test func aLostConnectionIsReopenedImmediately() {
        var state = RedisConnectionState()
        #expect(state.admission == .wait)
        #expect(state.start() == .connect)
        #expect(state.start() == .none)
        #expect(state.admission == .wait)
        state.didBecomeReady()
        #expect(state.admission == .send)
        #expect(state.didDisconnect() == .connect)
        #expect(state.admission == .wait)
    }

    @Test func commandsAreRefusedAfterAFailedAttempt() {
        var state = RedisConnectionState()
        _ = state.start()
        #expect(state.didDisconnect() == .backOff(failures: 1))
        #expect(state.admission == .refuse)
        #expect(state.didDisconnect() == .none)
        #expect(state.backoffDidElapse() == .connect)
        #expect(state.admission == .refuse)
        #expect(state.didDisconnect() == .backOff(failures: 2))
        _ = state.backoffDidElapse()
        state.didBecomeReady()
        #expect(state.failures == 0)
    }

    @Test func aClosedConnectionStaysClosed() {
        var state = RedisConnectionState()
        _ = state.start()
        state.close()
        state.didBecomeReady()
        #expect(state.didDisconnect() == .none)
        #expect(state.backoffDidElapse() == .none)
        #expect(state.admission == .refuseClosed)
    }

    @Test func aServerThatIsKnownToAnswerEndsTheBackoff() {
        var state = RedisConnectionState()
        #expect(state.start() == .connect)
        #expect(state.hurry() == .none, "it is connecting already")
        #expect(state.didDisconnect() == .backOff(failures: 1))
        #expect(state.hurry() == .connect)
        #expect(state.backoffDidElapse() == .none, "the timer of the backoff")
    }
}
