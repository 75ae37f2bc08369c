import Domain
import NIOCore
import NIOHTTP1
import Testing

@testable import API

/// Streams of server-sent events, as decisions of ``ConnectionState``.
@Suite struct ConnectionStreamTests {
    private let direct = ConnectionState.Configuration(answersDirectly: true)
    private let start = LiveStart(subject: .eventsOnSale, sentID: "1", sentNumber: 1)

    private func answered(_ turn: Int, isComplete: Bool = false) -> ConnectionState.Input {
        var response = APIResponse(.ok, ByteBuffer(string: "data: x\n\n"))
        response.live = start
        response.live?.isComplete = isComplete
        return .answered(turn: turn, response, RequestID())
    }

    /// A connection on which a stream is sent.
    private func streaming(_ request: HTTPRequestHead = .get("/live")) -> ConnectionState {
        var state = ConnectionState.opened(direct)
        _ = state.request(request)
        _ = state.on(answered(1))
        return state
    }

    private func end(reconnects: Bool = false, isChunked: Bool = true, closes: Bool = false) -> ConnectionState.Action {
        .endStream(reconnects: reconnects, isChunked: isChunked, closes: closes)
    }

    @Test func aStreamFollowsTheHeadOfItsResponse() {
        var state = ConnectionState.opened(direct)
        _ = state.request(.get("/live"))
        let actions = state.on(answered(1))
        #expect(actions.first?.response?.isChunked == true)
        #expect(actions.first?.response?.closes == false)
        #expect(actions.dropFirst() == [.stream(start, isChunked: true)])
    }

    @Test func theResponseToHEADHasNoStream() {
        var state = ConnectionState.opened(direct)
        _ = state.request(HTTPRequestHead(version: .http1_1, method: .HEAD, uri: "/live", headers: ["Host": "x"]))
        let actions = state.on(answered(1))
        #expect(actions.first?.response?.isHead == true)
        #expect(actions.count == 1)
        #expect(state.turns.isEmpty)
    }

    @Test func aStreamThatIsCompleteEndsAtOnce() {
        var state = ConnectionState.opened(direct)
        _ = state.request(.get("/live"))
        #expect(state.on(answered(1, isComplete: true)).contains(end()))
        #expect(state.turns.isEmpty)
        #expect(state.request(.get("/healthz")) == [.passOn, .passOn, .passOn], "the connection can be used again")
    }

    @Test func theConnectionCanBeUsedAfterAStream() {
        var state = streaming()
        #expect(state.on(.streamEnded(reconnects: false)).first == end())
        #expect(state.request(.post("/buy")).count == 2)
    }

    @Test func anotherRequestEndsTheStream() {
        var state = streaming()
        #expect(state.on(.head(.get("/healthz"), .unlimited)).prefix(2) == [end(), .passOn])
        _ = state.on(.end(nil))
        #expect(state.response().contains(.passOn))
    }

    @Test func aRequestThatFollowsAtOnceIsAnswered() {
        var state = ConnectionState.opened(direct)
        _ = state.request(.get("/live"))
        _ = state.request(.post("/buy"))
        let actions = state.on(answered(1))
        #expect(actions.contains(end()))
        #expect(!actions.contains(.stream(start, isChunked: true)))
        let last = state.on(.answered(turn: 2, APIResponse(.accepted, ByteBuffer()), RequestID()))
        #expect(last.first?.response?.response.status == .accepted)
    }

    @Test func anEarlierRequestIsAnsweredFirst() {
        var state = ConnectionState.opened(direct)
        _ = state.request(.post("/buy"))
        _ = state.request(.get("/live"))
        #expect(state.on(answered(2)).isEmpty)
        let actions = state.on(.answered(turn: 1, APIResponse(.accepted, ByteBuffer()), RequestID()))
        #expect(actions.compactMap { $0.response?.response.status } == [.accepted, .ok])
        #expect(actions.last == .stream(start, isChunked: true))
    }

    @Test func theShutdownEndsTheStreamAndTheConnection() {
        var state = streaming()
        #expect(state.on(.quiesce) == [end(reconnects: true, closes: true)])
        #expect(state.on(.streamEnded(reconnects: true)).isEmpty)
    }

    @Test func aStreamThatBeginsDuringTheShutdownHasItsFirstMessage() {
        var state = ConnectionState.opened(direct)
        _ = state.request(.get("/live"))
        _ = state.on(.quiesce)
        let actions = state.on(answered(1))
        #expect(actions.first?.response?.closes == true)
        #expect(actions.dropFirst() == [end(reconnects: true, closes: true)])
    }

    @Test func aClientThatClosesItsSideGetsTheEnd() {
        var state = streaming()
        #expect(state.on(.inputClosed) == [end(closes: true)])
    }

    @Test func aClientThatClosedItsSideGetsTheFirstMessage() {
        var state = ConnectionState.opened(direct)
        _ = state.request(.get("/live"))
        _ = state.on(.inputClosed)
        let actions = state.on(answered(1))
        #expect(actions.first?.response != nil)
        #expect(actions.last == end(closes: true))
    }

    @Test func withHTTP1_0TheEndOfTheConnectionIsTheEnd() {
        let request = HTTPRequestHead(
            version: .http1_0, method: .GET, uri: "/live", headers: ["Connection": "keep-alive"])
        var state = ConnectionState.opened(direct)
        _ = state.request(request)
        let actions = state.on(answered(1))
        #expect(actions.first?.response?.isChunked == false)
        #expect(actions.first?.response?.closes == true)
        #expect(actions.last == .stream(start, isChunked: false))
        #expect(state.on(.streamEnded(reconnects: false)).first == end(isChunked: false, closes: true))
    }

    @Test func aStreamMakesWayForOtherConnections() {
        var state = streaming()
        #expect(state.isEvictable)
        #expect(state.on(.evicted) == [end(reconnects: true, closes: true)])
        #expect(!state.isEvictable)
    }

    @Test func theIdleTimeoutDoesNotElapseDuringAStream() {
        var state = streaming()
        #expect(state.on(.idleTimer(), at: 100).isEmpty)
        let actions = state.on(.streamEnded(reconnects: false), at: 100)
        #expect(actions.contains(.setIdleTimer(.at(110))))
    }

    @Test func aRequestOverTheRateLimitEndsTheStream() {
        var configuration = direct
        configuration.rateLimit = RateLimit(perSecond: 1, burst: 1)
        var state = ConnectionState.opened(configuration)
        _ = state.request(.get("/live"), .served)
        _ = state.on(answered(1))
        let actions = state.request(.get("/live"), .refused)
        #expect(actions.first == end())
        #expect(actions.compactMap { $0.response?.response.status } == [.tooManyRequests])
    }

    /// A request behind one for the application is the application's, also one for a stream.
    @Test func aStreamBehindARequestForTheApplicationIsTheApplications() {
        var state = ConnectionState.opened(direct)
        _ = state.request(.get("/healthz"))
        #expect(state.request(.get("/live")) == [.passOn, .passOn, .passOn])
    }
}
