import NIOCore
import NIOHTTP1
import Testing

@testable import API

/// Timeouts, undecodable bytes and cut-off bodies, as decisions of ``ConnectionState``.
@Suite struct ConnectionClosingTests {
    @Test func anIdleConnectionIsClosed() {
        var state = ConnectionState(.init(idleTimeout: .seconds(10)))
        #expect(state.on(.opened, at: 5) == [.setIdleTimer(.at(15))])
        #expect(state.on(.idleTimer(), at: 15) == [.close])
    }

    @Test func theIdleTimeCountsFromTheLastResponse() {
        var state = ConnectionState.opened()
        _ = state.request(at: 1)
        #expect(state.response(at: 4).dropFirst() == [.passOn], "the timer is set already")
        #expect(state.on(.idleTimer(), at: 10) == [.setIdleTimer(.at(14))])
        #expect(state.on(.idleTimer(), at: 14) == [.close])
    }

    @Test func aConnectionIsNotIdleWhileAResponseIsOwed() {
        var state = ConnectionState.opened()
        _ = state.request(at: 1)
        #expect(state.on(.idleTimer(), at: 10).isEmpty)
        #expect(state.response(at: 60).dropFirst() == [.passOn, .setIdleTimer(.at(70))])
    }

    @Test func onlyAnIncompleteBodyHasADeadline() {
        var state = ConnectionState.opened()
        #expect(state.request(.post("/buy")).count == 3)
        _ = state.on(.head(.post("/buy"), .unlimited), at: 1)
        #expect(state.on(.readComplete, at: 1) == [.setBodyTimer(.at(6)), .passOn])
        #expect(state.on(.body, at: 2) == [.passOn])
        #expect(state.on(.readComplete, at: 2) == [.passOn], "more of the body does not move the deadline")
        #expect(state.on(.end(nil), at: 3) == [.cancelBodyTimer, .passOn])
    }

    @Test func aLateBodyIsAnsweredAndReportedAsCutOff() {
        var state = ConnectionState.opened()
        _ = state.on(.head(.post("/buy"), .unlimited)) + state.on(.readComplete)
        let actions = state.on(.bodyTimer, at: 5)
        #expect(actions.first == .reportBodyCutOff, "before the connection can close")
        #expect(actions.last?.response?.response.status == .requestTimeout)
        #expect(actions.last?.response?.closes == true)
        #expect(state.on(.body).isEmpty)
        #expect(state.on(.end(nil)).isEmpty)
        #expect(state.on(.idleTimer(), at: 15) == [.close], "also if the client does not read the response")
    }

    @Test func aLateBodyClosesWithoutResponseWhileAnotherIsOwed() {
        var state = ConnectionState.opened()
        _ = state.request()
        _ = state.on(.head(.post("/buy"), .unlimited)) + state.on(.readComplete)
        #expect(state.on(.bodyTimer, at: 5) == [.reportBodyCutOff, .close])
        #expect(state.on(.responseHead(.ok)) == [.failWrite])
        #expect(state.on(.responseBody) == [.failWrite])
        #expect(state.on(.responseEnd) == [.failWrite])
    }

    @Test(arguments: [(HTTPParserError.headerOverflow, 431), (.invalidMethod, 400), (.closedConnection, 400)])
    func undecodableBytesAreAnsweredAndTheConnectionCloses(error: HTTPParserError, status: Int) {
        var state = ConnectionState.opened()
        let response = state.on(.decoderError(error)).first?.response
        #expect(response.map { Int($0.response.status.code) } == status)
        #expect(response?.closes == true)
        #expect(state.on(.decoderError(error)).isEmpty, "only once")
    }

    @Test func undecodableBytesCloseWhileAResponseIsOwedOrHasStarted() {
        var state = ConnectionState.opened()
        _ = state.request()
        #expect(state.on(.decoderError(.invalidMethod)) == [.close])
        var started = ConnectionState.opened()
        _ = started.on(.head(.post("/buy"), .unlimited)) + started.on(.responseHead(.ok))
        #expect(started.on(.decoderError(.invalidChunkSize)) == [.reportBodyCutOff, .close])
    }

    @Test func anIncompleteBodyIsReportedBeforeTheEndOfTheInput() {
        for input in [ConnectionState.Input.inputClosed, .inactive] {
            var state = ConnectionState.opened()
            _ = state.on(.head(.post("/buy"), .unlimited)) + state.on(.readComplete)
            #expect(state.on(input) == [.cancelBodyTimer, .reportBodyCutOff, .passOn])
            var complete = ConnectionState.opened()
            _ = complete.request()
            #expect(complete.on(input) == [.passOn])
        }
    }
}
