import Testing

@testable import PostgresClient

@Suite struct PoolStateTests {
    private typealias State = PoolState<String, String>

    private func name(_ lease: State.Lease) -> String {
        switch lease {
        case .lend(let connection): connection
        case .open: "open"
        case .wait: "wait"
        case .refuse: "refuse"
        }
    }

    @Test func aPoolOpensConnectionsThenQueuesThenRefuses() {
        var state = State(limit: 2, waitingLimit: 1)
        #expect(name(state.lease()) == "open")
        #expect(name(state.lease()) == "open")
        #expect(name(state.lease()) == "wait")
        state.enqueue("w1", key: 1)
        #expect(name(state.lease()) == "refuse")
        #expect(state.count == 2)
    }

    @Test func theFirstWaiterIsServedAndTheLastReleasedConnectionIsReused() {
        var state = State(limit: 2, waitingLimit: 2)
        _ = state.lease()
        _ = state.lease()
        state.enqueue("w1", key: 1)
        state.enqueue("w2", key: 2)
        #expect(state.release("a") == "w1")
        #expect(state.release("b") == "w2")
        #expect(state.release("a") == nil)
        #expect(state.release("b") == nil)
        #expect(name(state.lease()) == "b")
    }

    @Test func aWaiterReplacesABrokenConnection() {
        var state = State(limit: 1, waitingLimit: 2)
        _ = state.lease()
        state.enqueue("w1", key: 1)
        #expect(state.discard() == "w1")
        #expect(state.count == 1)
        #expect(state.discard() == nil)
        #expect(state.count == 0)
    }

    @Test func aWaiterIsEitherServedOrAbandoned() {
        var state = State(limit: 1, waitingLimit: 2)
        _ = state.lease()
        state.enqueue("w1", key: 1)
        state.enqueue("w2", key: 2)
        #expect(state.abandon(key: 1) == "w1")
        #expect(state.abandon(key: 1) == nil)
        #expect(state.release("a") == "w2")
        #expect(state.abandon(key: 2) == nil)
    }
}
