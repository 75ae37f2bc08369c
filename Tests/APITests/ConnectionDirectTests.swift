import Domain
import NIOCore
import NIOHTTP1
import Testing

@testable import API

/// Requests that the connection answers itself, as decisions of ``ConnectionState``.
@Suite struct ConnectionDirectTests {
    private static let path = "/orders/01a20a22-c03b-7000-8d33-ead0f94fdaf4"
    private let buy = DirectRequest.buy(ClientHeaders(contentType: nil, keys: []))
    private let direct = ConnectionState.Configuration(maxOwedResponses: 3, answersDirectly: true)

    private func response(_ status: HTTPResponseStatus = .accepted) -> APIResponse {
        APIResponse(status, ByteBuffer(string: "{}"))
    }

    private func statuses(_ actions: [ConnectionState.Action]) -> [UInt] {
        actions.compactMap { $0.response?.response.status.code }
    }

    private func answered(_ turn: Int, _ status: HTTPResponseStatus = .accepted) -> ConnectionState.Input {
        .answered(turn: turn, response(status), RequestID())
    }

    @Test func aPurchaseIsAnsweredWithoutTheApplication() {
        var state = ConnectionState.opened(direct)
        #expect(state.request(.post("/buy")) == [.answer(buy, body: nil, turn: 1), .passOn])
        #expect(statuses(state.on(answered(1))) == [202])
        #expect(state.turns.isEmpty)
    }

    @Test func theBodyIsCollected() {
        var state = ConnectionState.opened(direct)
        #expect(state.on(.head(.post("/buy"), .unlimited)).isEmpty)
        _ = state.on(.body(ByteBuffer(string: "{\"quantity\"")))
        _ = state.on(.body(ByteBuffer(string: ":2}")))
        #expect(
            state.on(.end(nil)) == [.answer(buy, body: ByteBuffer(string: #"{"quantity":2}"#), turn: 1)])
    }

    @Test func responsesLeaveInTheOrderOfTheRequests() {
        var state = ConnectionState.opened(direct)
        _ = state.request(.post("/buy"))
        _ = state.request(.get(Self.path))
        #expect(state.on(answered(2, .ok)).isEmpty)
        #expect(statuses(state.on(answered(1))) == [202, 200])
    }

    @Test func aRequestForTheApplicationWaitsForEarlierResponses() {
        var state = ConnectionState.opened(direct)
        _ = state.request(.post("/buy"))
        let events = HTTPRequestHead.get("/events")
        #expect(state.request(events) == [.passOn], "only the end of the read")
        let actions = state.on(answered(1))
        #expect(statuses(actions) == [202])
        #expect(actions.dropFirst() == [.forward(.head(events)), .forward(.end(nil)), .readComplete])
    }

    @Test func aRequestAfterOneForTheApplicationGoesThereToo() {
        var state = ConnectionState.opened(direct)
        #expect(state.request(.post("/reset")) == [.passOn, .passOn, .passOn])
        #expect(state.request(.post("/buy")) == [.passOn, .passOn, .passOn], "it is executed after the reset")
        _ = state.response()
        _ = state.response()
        #expect(state.request(.post("/buy")).first == .answer(buy, body: nil, turn: 3))
    }

    @Test func theConnectionClosesIfTheClientAskedForIt() {
        var state = ConnectionState.opened(direct)
        _ = state.request(.post("/buy", headers: ["Connection": "close"]))
        #expect(state.on(answered(1)).compactMap(\.response?.closes) == [true])
        #expect(state.request(.post("/buy")) == [.passOn])
    }

    @Test func aLateAnswerOfAClosedConnectionIsDropped() {
        var state = ConnectionState.opened(direct)
        _ = state.request(.post("/buy"))
        _ = state.on(.inactive)
        #expect(state.on(answered(1)).isEmpty)
    }

    @Test func readingStopsWhileTooManyResponsesAreOwed() {
        var state = ConnectionState.opened(direct)
        for _ in 0..<3 { _ = state.request(.post("/buy")) }
        #expect(!state.acceptsReads)
        _ = state.on(answered(1))
        #expect(state.acceptsReads)
    }

    @Test func theLimitOfTheClientIsReported() {
        var configuration = direct
        configuration.rateLimit = RateLimit(perSecond: 1, burst: 4)
        var state = ConnectionState.opened(configuration)
        _ = state.request(.post("/buy"), .served)
        #expect(state.on(answered(1)).first?.response?.rate?.standing == .served)
    }

    @Test func aRefusedPurchaseIsNotAnswered() {
        var configuration = direct
        configuration.rateLimit = RateLimit(perSecond: 1, burst: 4)
        var state = ConnectionState.opened(configuration)
        #expect(statuses(state.request(.post("/buy"), .refused)) == [429])
    }

    // MARK: Ends

    @Test func aPurchaseThatIsCutOffIsNotAnswered() {
        for input in [ConnectionState.Input.inputClosed, .inactive] {
            var state = ConnectionState.opened(direct)
            _ = state.on(.head(.post("/buy"), .unlimited)) + state.on(.body)
            #expect(!state.on(input).contains { if case .answer = $0 { true } else { false } })
            #expect(state.isClosing)
        }
    }

    @Test func aHalfClosedConnectionClosesAfterItsResponses() {
        var state = ConnectionState.opened(direct)
        _ = state.request(.post("/buy"))
        #expect(state.on(.inputClosed).isEmpty)
        #expect(state.on(answered(1)).compactMap(\.response?.closes) == [true])
    }

    @Test func theApplicationLearnsOfAHalfClosedConnectionAfterTheResponses() {
        var state = ConnectionState.opened(direct)
        _ = state.request(.get("/events")) + state.response()
        _ = state.request(.post("/buy"))
        #expect(state.on(.inputClosed).isEmpty)
        #expect(state.on(answered(2)).last == .forwardInputClosed)
    }

    @Test func aConnectionClosesWhenTheServerShutsDown() {
        var idle = ConnectionState.opened(direct)
        #expect(idle.on(.quiesce) == [.close])
        var busy = ConnectionState.opened(direct)
        _ = busy.request(.post("/buy"))
        #expect(busy.on(.quiesce).isEmpty)
        #expect(busy.on(answered(1)).compactMap(\.response?.closes) == [true])
        var application = ConnectionState.opened(direct)
        _ = application.request(.get("/events"))
        #expect(application.on(.quiesce).isEmpty)
        #expect(application.response().last == .passOnAndClose)
    }

    @Test func aLateBodyIsAnsweredAndTheConnectionCloses() {
        var state = ConnectionState.opened(direct)
        _ = state.on(.head(.post("/buy"), .unlimited)) + state.on(.readComplete)
        let actions = state.on(.bodyTimer, at: 5)
        #expect(statuses(actions) == [408])
        #expect(actions.count == 1, "the application does not know the request")
    }

    // MARK: Waiting

    @Test func aReadThatWaitsIsAnsweredWhenTheOrderIsSettled() throws {
        let request = HTTPRequestHead.get("\(Self.path)?wait=20")
        let answer = try #require(DirectRequest(request))
        let wait = try #require(OrderWait(request))
        var state = ConnectionState.opened(direct)
        #expect(state.request(request) == [.watch(wait, wait: 1), .passOn])
        #expect(state.on(.watching(wait: 1)) == [.setWaitTimer(.at(20), wait: 1), .checkOrder(wait, wait: 1)])
        #expect(
            state.on(.orderChecked(wait: 1, isSettled: true)) == [.endWatch, .answer(answer, body: nil, turn: 1)])
    }

    @Test func theNextRequestEndsTheWait() throws {
        let request = HTTPRequestHead.get("\(Self.path)?wait=20")
        let answer = try #require(DirectRequest(request))
        var state = ConnectionState.opened(direct)
        _ = state.request(request)
        #expect(state.on(.head(.post("/buy"), .unlimited)) == [.endWatch, .answer(answer, body: nil, turn: 1)])
        #expect(state.on(.end(nil)) == [.answer(buy, body: nil, turn: 2)])
    }
}
