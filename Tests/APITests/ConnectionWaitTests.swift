import Domain
import NIOCore
import NIOHTTP1
import Testing

@testable import API

/// Requests that wait for an order, as decisions of ``ConnectionState``.
@Suite struct ConnectionWaitTests {
    private static let path = "/orders/01a20a22-c03b-7000-8d33-ead0f94fdaf4"
    private let request = HTTPRequestHead.get("\(path)?wait=20")

    /// A connection whose only request waits while its order is read.
    private func waiting() throws -> (state: ConnectionState, wait: OrderWait) {
        let wait = try #require(OrderWait(request))
        var state = ConnectionState.opened(.init(rateLimit: RateLimit(perSecond: 1, burst: 4)))
        #expect(state.on(.head(request, .served)).isEmpty, "the request is not forwarded")
        #expect(state.on(.end(nil)) == [.watch(wait, wait: 1)])
        #expect(state.on(.readComplete) == [.passOn])
        #expect(state.on(.watching(wait: 1), at: 2) == [.setWaitTimer(.at(22), wait: 1), .checkOrder(wait, wait: 1)])
        return (state, wait)
    }

    private var resumed: [ConnectionState.Action] { [.endWatch, .forward(.head(request)), .forward(.end(nil))] }

    @Test func onlyARequestWithAWaitForAnOrderWaits() {
        #expect(OrderWait(.get("\(Self.path)?wait=1"))?.limit == .seconds(1))
        #expect(OrderWait(.get(Self.path, headers: ["Prefer": "wait=99"]))?.limit == .seconds(30))
        for path in [
            Self.path, "\(Self.path)?wait=0", "\(Self.path)?wait=31", "/orders/5?wait=20", "/events?wait=20",
        ] {
            #expect(OrderWait(.get(path)) == nil, "\(path)")
        }
        #expect(OrderWait(.post("\(Self.path)?wait=20")) == nil)
    }

    @Test func aSettledOrderResumesTheRequest() throws {
        var (state, _) = try waiting()
        #expect(state.on(.orderChecked(wait: 1, isSettled: true)) == resumed + [.readComplete])
        #expect(state.response().count == 2, "its response is the application's")
    }

    @Test func aChangeDuringACheckIsCheckedAgain() throws {
        var (state, wait) = try waiting()
        #expect(state.on(.orderChanged(wait: 1)).isEmpty, "a check is running")
        #expect(state.on(.orderChecked(wait: 1, isSettled: false)) == [.checkOrder(wait, wait: 1)])
        #expect(state.on(.orderChecked(wait: 1, isSettled: false)).isEmpty)
        #expect(state.on(.orderChanged(wait: 1)) == [.checkOrder(wait, wait: 1)])
    }

    @Test func theTimeOrTheEndOfTheWatchResumesTheRequest() throws {
        for input in [ConnectionState.Input.waitTimer(wait: 1), .watchEnded(wait: 1)] {
            var (state, _) = try waiting()
            #expect(state.on(input) == resumed + [.readComplete])
        }
        var refused = ConnectionState.opened()
        _ = refused.on(.head(request, .unlimited)) + refused.on(.end(nil))
        #expect(refused.on(.watchEnded(wait: 1)) == resumed + [.readComplete], "too many waiters")
    }

    @Test func inputsOfAnEarlierWaitAreIgnored() throws {
        var (state, wait) = try waiting()
        _ = state.on(.waitTimer(wait: 1)) + state.response()
        #expect(state.on(.head(request, .served)).isEmpty)
        #expect(state.on(.end(nil)) == [.watch(wait, wait: 2)])
        for input in [
            ConnectionState.Input.waitTimer(wait: 1), .watchEnded(wait: 1), .watching(wait: 1), .orderChanged(wait: 1),
            .orderChecked(wait: 1, isSettled: true),
        ] {
            #expect(state.on(input).isEmpty)
        }
    }

    @Test func theNextRequestEndsTheWait() throws {
        var (state, _) = try waiting()
        #expect(state.on(.head(.get("/healthz"), .served)) == resumed + [.passOn], "in the order of the requests")
    }

    @Test func aRefusedRequestDoesNotEndTheWait() throws {
        var (state, _) = try waiting()
        #expect(state.request(.get("/healthz"), .refused) == [.passOn])
        _ = state.on(.waitTimer(wait: 1)) + state.on(.responseHead(.ok))
        #expect(state.on(.responseEnd).compactMap(\.response).count == 1, "it is answered in its turn")
    }

    @Test func aRequestWithABodyDoesNotWait() {
        var state = ConnectionState.opened()
        #expect(state.on(.head(request, .unlimited)).isEmpty)
        #expect(state.on(.body) == [.endWatch, .forward(.head(request)), .passOn])
        #expect(state.on(.end(nil)) == [.passOn])
    }

    @Test func shutdownAndHalfClosureResumeTheRequest() throws {
        var (quiescing, _) = try waiting()
        #expect(quiescing.on(.quiesce) == resumed + [.readComplete])
        var (halfClosed, _) = try waiting()
        #expect(halfClosed.on(.inputClosed) == resumed + [.readComplete, .passOn])
    }

    @Test func aClosedConnectionEndsTheWatch() throws {
        var (state, _) = try waiting()
        #expect(state.on(.inactive) == [.endWatch, .passOn])
        #expect(state.on(.orderChecked(wait: 1, isSettled: true)).isEmpty)
    }

    @Test func aWaitingConnectionIsNotIdle() throws {
        var (state, _) = try waiting()
        #expect(state.on(.idleTimer(), at: 10).isEmpty)
    }
}
