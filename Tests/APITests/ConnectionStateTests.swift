import NIOCore
import NIOHTTP1
import Testing

@testable import API

/// The order of responses and the rate limit, as decisions of ``ConnectionState``.
@Suite struct ConnectionStateTests {
    private let limited = ConnectionState.Configuration(rateLimit: RateLimit(perSecond: 1, burst: 4))

    @Test func requestAndResponsePartsAreForwarded() {
        var state = ConnectionState.opened()
        #expect(state.request() == [.passOn, .passOn, .passOn])
        let fields: HTTPHeaders = ["Connection": "keep-alive", "Keep-Alive": "timeout=10"]
        #expect(
            state.on(.responseHead(.ok))
                == [.writeHead(HTTPResponseHead(version: .http1_1, status: .ok, headers: fields))])
        #expect(state.on(.responseBody) == [.passOn])
        #expect(state.on(.responseEnd) == [.passOn])
    }

    @Test func aRefusalIsWrittenWhenEarlierResponsesAreComplete() {
        var state = ConnectionState.opened(limited)
        _ = state.request(.get("/a"), .served)
        #expect(state.request(.get("/b"), .refused) == [.passOn], "neither part is forwarded, nothing is written")
        #expect(state.request(.get("/c"), .refused) == [.passOn])
        _ = state.on(.responseHead(.ok))
        let actions = state.on(.responseEnd)
        #expect(actions.first == .passOn)
        #expect(actions.compactMap { $0.response?.response.status.code } == [429, 429])
        #expect(state.turns.isEmpty)
    }

    @Test func aRefusalNeedsTheCompleteRequest() {
        var state = ConnectionState.opened(limited)
        #expect(state.on(.head(.post("/buy"), .refused)).isEmpty)
        #expect(state.on(.body).isEmpty)
        let response = state.on(.end(nil)).first?.response
        #expect(response?.response.status == .tooManyRequests)
        #expect(response?.isHead == false)
        #expect(response?.closes == false)
    }

    @Test func aRefusalOfHEADHasNoBody() {
        var state = ConnectionState.opened(limited)
        var request = HTTPRequestHead.get("/")
        request.method = .HEAD
        let response = state.request(request, .refused).first?.response
        #expect(response?.response.status == .tooManyRequests)
        #expect(response?.isHead == true)
    }

    @Test func aRefusalClosesIfTheClientAskedForIt() {
        var state = ConnectionState.opened(limited)
        let response = state.request(.get("/", headers: ["Connection": "Close"]), .refused).first?.response
        #expect(response?.closes == true)
        #expect(state.request(.get("/"), .served) == [.passOn], "only the end of the read is passed on")
    }

    @Test func responsesReportTheLimit() {
        var state = ConnectionState.opened(limited)
        _ = state.request(.get("/"), .served)
        let information = HTTPResponseHead(version: .http1_1, status: .continue)
        #expect(state.on(.responseHead(information)) == [.passOn])
        let fields: HTTPHeaders = [
            "RateLimit-Policy": #""address";q=4;w=4"#, "RateLimit": #""address";r=3;t=1"#,
            "Connection": "keep-alive", "Keep-Alive": "timeout=10",
        ]
        #expect(
            state.on(.responseHead(.ok))
                == [.writeHead(HTTPResponseHead(version: .http1_1, status: .ok, headers: fields))])
    }

    @Test func tooManyOutstandingRequestsCloseTheConnection() {
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
}
