import NIOCore
import Testing

@testable import API

/// Clients that take responses slowly or not at all, and connections that make way, as decisions of ``ConnectionState``.
@Suite struct ConnectionUnsentTests {
    private func unsent(_ bytes: Int, taken: UInt64) -> ConnectionState.Unsent { .init(bytes: bytes, taken: taken) }

    @Test func aClientThatTakesNothingLosesTheConnection() {
        var state = ConnectionState.opened()
        #expect(state.on(.idleTimer(unsent(100, taken: 5)), at: 10) == [.setIdleTimer(.at(10) + .milliseconds(2500))])
        #expect(state.on(.idleTimer(unsent(100, taken: 5)), at: 13).count == 1)
        #expect(state.on(.idleTimer(unsent(100, taken: 5)), at: 20) == [.abort])
    }

    @Test func aClientThatTakesSomethingKeepsIt() {
        var state = ConnectionState.opened()
        for second in 1...20 {
            let actions = state.on(.idleTimer(unsent(100, taken: UInt64(second))), at: Int64(9 * second))
            #expect(actions.count == 1)
            #expect(actions != [.abort])
        }
        #expect(state.on(.idleTimer(unsent(100, taken: 20)), at: 190) == [.abort])
    }

    @Test func readingStopsWhileTheChannelTakesNothing() {
        var state = ConnectionState.opened()
        #expect(state.acceptsReads)
        _ = state.on(.unwritable(unsent(100_000, taken: 0)), at: 1)
        #expect(!state.acceptsReads)
        _ = state.on(.writable, at: 2)
        #expect(state.acceptsReads)
    }

    @Test func theClientIsWatchedWhileAResponseIsOwed() {
        var state = ConnectionState.opened()
        _ = state.request(at: 1)
        _ = state.on(.idleTimer(), at: 10)
        #expect(
            state.on(.unwritable(unsent(100_000, taken: 7)), at: 20) == [.setIdleTimer(.at(20) + .milliseconds(2500))])
        #expect(state.on(.idleTimer(unsent(100_000, taken: 7)), at: 30) == [.abort])
    }

    @Test func anIdleConnectionMakesWay() {
        var state = ConnectionState.opened()
        #expect(state.isEvictable)
        #expect(state.on(.evicted) == [.close])
        #expect(!state.isEvictable)
    }

    @Test func aConnectionThatOwesAResponseDoesNotMakeWay() {
        var state = ConnectionState.opened()
        _ = state.request()
        #expect(!state.isEvictable)
    }

    @Test func aRequestThatWaitsIsAnsweredWhenItsConnectionMakesWay() {
        var state = ConnectionState.opened(.init(answersDirectly: true))
        _ = state.request(.get("/orders/01a20a22-c03b-7000-8d33-ead0f94fdaf4?wait=30"))
        _ = state.on(.watching(wait: 1))
        #expect(state.isEvictable)
        let actions = state.on(.evicted)
        #expect(actions.first == .endWatch)
        let answered = state.on(.answered(turn: 1, APIResponse(.ok, ByteBuffer()), RequestID()))
        #expect(answered.first?.response?.closes == true)
    }
}
