import HTTPTypes
import NIOCore
import NIOHTTP1
import Testing

@testable import API

@Suite struct ConnectionStateTests {
    private let limited = ConnectionState.Configuration(rateLimit: RateLimit(perSecond: 1, burst: 4))

    @Test func partsPassInBothDirections() {
        var state = ConnectionState.opened()
        #expect(state.request() == [.passOn, .passOn, .passOn])
        #expect(state.on(.responseHead(HTTPResponse(status: .ok))) == [.passOn])
        #expect(state.on(.responseBody) == [.passOn])
        #expect(state.on(.responseEnd) == [.passOn])
    }

    // MARK: Rate limit

    @Test func aRefusalIsWrittenWhenEarlierResponsesAreComplete() {
        var state = ConnectionState.opened(limited)
        _ = state.request(.get("/a"), .served)
        #expect(state.request(.get("/b"), .refused) == [.passOn], "neither part is forwarded, nothing is written")
        #expect(state.request(.get("/c"), .refused) == [.passOn])
        _ = state.on(.responseHead(HTTPResponse(status: .ok)))
        let actions = state.on(.responseEnd)
        #expect(actions.first == .passOn)
        #expect(actions.compactMap { $0.response?.head.status.code } == [429, 429])
        #expect(state.turns.isEmpty)
    }

    @Test func aRefusalNeedsTheCompleteRequest() {
        var state = ConnectionState.opened(limited)
        #expect(state.on(.head(.post("/buy"), .refused)).isEmpty)
        #expect(state.on(.body).isEmpty)
        let response = state.on(.end(nil)).first?.response
        #expect(response?.head.status == .tooManyRequests && response?.body != nil && response?.closes == false)
    }

    @Test func aRefusalOfHEADHasNoBody() {
        var state = ConnectionState.opened(limited)
        var request = HTTPRequest.get("/")
        request.method = .head
        let response = state.request(request, .refused).first?.response
        #expect(response?.head.status == .tooManyRequests && response?.body == nil)
        #expect(response?.head.headerFields[.contentLength] != nil)
    }

    @Test func aRefusalClosesIfTheClientAskedForIt() {
        var state = ConnectionState.opened(limited)
        let response = state.request(.get("/", headers: [.connection: "Close"]), .refused).first?.response
        #expect(response?.closes == true && response?.head.headerFields[.connection] == "close")
        #expect(state.request(.get("/"), .served) == [.passOn], "only the end of the read is passed on")
    }

    @Test func responsesReportTheLimit() {
        var state = ConnectionState.opened(limited)
        _ = state.request(.get("/"), .served)
        #expect(state.on(.responseHead(HTTPResponse(status: .continue))) == [.passOn])
        let fields: HTTPFields = [.rateLimitPolicy: #""address";q=4;w=4"#, .rateLimit: #""address";r=3;t=1"#]
        #expect(
            state.on(.responseHead(HTTPResponse(status: .ok)))
                == [.writeHead(HTTPResponse(status: .ok, headerFields: fields))])
    }

    @Test func tooManyRequestsWithoutResponsesClose() {
        var configuration = limited
        configuration.maxOwedResponses = 2
        var state = ConnectionState.opened(configuration)
        _ = state.request(.get("/"), .served)
        _ = state.request(.get("/"), .refused)
        #expect(!state.acceptsRequests)
        #expect(state.on(.head(.get("/"), .unlimited)) == [.close])
        #expect(!state.acceptsRequests)
        configuration.rateLimit = nil
        var unlimited = ConnectionState.opened(configuration)
        for _ in 0..<3 { #expect(unlimited.request() == [.passOn, .passOn, .passOn]) }
    }

    @Test func aClientWithoutAddressIsClosed() {
        var state = ConnectionState.opened(limited)
        #expect(state.on(.head(.get("/"), .unknownClient)) == [.close])
    }

    // MARK: Timeouts

    @Test func anIdleConnectionIsClosed() {
        var state = ConnectionState(.init())
        #expect(state.on(.opened, at: 5) == [.setIdleTimer(.at(15))])
        #expect(state.on(.idleTimer, at: 15) == [.close])
    }

    @Test func theIdleTimeCountsFromTheLastResponse() {
        var state = ConnectionState.opened()
        _ = state.request(at: 1)
        #expect(state.response(at: 4) == [.passOn, .passOn], "the timer is set already")
        #expect(state.on(.idleTimer, at: 10) == [.setIdleTimer(.at(14))])
        #expect(state.on(.idleTimer, at: 14) == [.close])
    }

    @Test func aConnectionIsNotIdleWhileAResponseIsOwed() {
        var state = ConnectionState.opened()
        _ = state.request(at: 1)
        #expect(state.on(.idleTimer, at: 10).isEmpty)
        #expect(state.response(at: 60) == [.passOn, .passOn, .setIdleTimer(.at(70))])
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
        #expect(actions.first?.response?.head.status == .requestTimeout && actions.first?.response?.closes == true)
        #expect(actions.last == .reportBodyCutOff)
        #expect(state.on(.body).isEmpty && state.on(.end(nil)).isEmpty)
        #expect(state.on(.idleTimer, at: 15) == [.close], "also if the client does not read the response")
    }

    @Test func aLateBodyClosesWithoutResponseWhileAnotherIsOwed() {
        var state = ConnectionState.opened()
        _ = state.request()
        _ = state.on(.head(.post("/buy"), .unlimited)) + state.on(.readComplete)
        #expect(state.on(.bodyTimer, at: 5) == [.close, .reportBodyCutOff])
        #expect(state.on(.responseHead(HTTPResponse(status: .ok))) == [.failWrite])
        #expect(state.on(.responseBody) == [.failWrite] && state.on(.responseEnd) == [.failWrite])
    }

    // MARK: Errors and the end

    @Test(arguments: [(HTTPParserError.headerOverflow, 431), (.invalidMethod, 400), (.closedConnection, 400)])
    func undecodableBytesAreAnsweredAndTheConnectionCloses(error: HTTPParserError, status: Int) {
        var state = ConnectionState.opened()
        let response = state.on(.decoderError(error)).first?.response
        #expect(response?.head.status.code == status && response?.closes == true)
        #expect(state.on(.decoderError(error)).isEmpty, "once")
    }

    @Test func undecodableBytesCloseWhileAResponseIsOwedOrHasStarted() {
        var state = ConnectionState.opened()
        _ = state.request()
        #expect(state.on(.decoderError(.invalidMethod)) == [.close])
        var started = ConnectionState.opened()
        _ = started.on(.head(.post("/buy"), .unlimited)) + started.on(.responseHead(HTTPResponse(status: .ok)))
        #expect(started.on(.decoderError(.invalidChunkSize)) == [.close, .reportBodyCutOff])
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
