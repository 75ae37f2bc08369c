import Testing

@testable import PostgresClient

@Suite struct PoolStateTests {
    private typealias State = PoolState<String, String>

    private func name(_ lease: State.Lease) -> String {
        switch lease {
        case .lend(let entry): entry.connection
        case .open(let number): "open \(number)"
        case .wait: "wait"
        case .refuse: "refuse"
        }
    }

    private func entry(_ name: String, _ number: Int = 1) -> State.Entry {
        State.Entry(connection: name, number: number)
    }

    /// A pool whose connections are all lent.
    private func used(limit: Int, waitingLimit: Int = 2) -> State {
        var state = State(limit: limit, waitingLimit: waitingLimit)
        for number in 1...limit {
            _ = state.lease()
            state.enqueue("opener", key: -number)
            _ = state.opened(entry("c\(number)", number))
        }
        return state
    }

    @Test func aPoolOpensConnectionsThenQueuesThenRefuses() {
        var state = State(limit: 2, waitingLimit: 1)
        #expect(name(state.lease()) == "open 1")
        state.enqueue("o1", key: 1)
        #expect(name(state.lease()) == "open 2")
        state.enqueue("o2", key: 2)
        #expect(name(state.lease()) == "wait")
        state.enqueue("w1", key: 3)
        #expect(name(state.lease()) == "refuse")
        #expect(state.count == 2)
        #expect(state.waitingCount == 1)
    }

    @Test func theFirstWaiterIsServedAndTheLastReleasedConnectionIsReused() {
        var state = used(limit: 2)
        state.enqueue("w1", key: 1)
        state.enqueue("w2", key: 2)
        #expect(state.release(entry("a")) == "w1")
        #expect(state.release(entry("b", 2)) == "w2")
        #expect(state.release(entry("a")) == nil)
        #expect(state.release(entry("b", 2)) == nil)
        #expect(name(state.lease()) == "b")
    }

    @Test func aDiscardedConnectionIsReplacedForAWaiter() {
        var state = used(limit: 1)
        state.enqueue("w1", key: 1)
        #expect(state.replacement() == nil, "there is no room")
        state.discard()
        #expect(state.replacement() == 2)
        #expect(state.replacement() == nil, "one is being opened for the waiter")
        #expect(state.opened(entry("b", 2)) == "w1")
        state.discard()
        #expect(state.replacement() == nil, "nobody waits")
        #expect(state.count == 0)
    }

    @Test func aWaiterIsEitherServedOrAbandoned() {
        var state = used(limit: 1)
        state.enqueue("w1", key: 1)
        state.enqueue("w2", key: 2)
        #expect(state.abandon(key: 1) == "w1")
        #expect(state.abandon(key: 1) == nil)
        #expect(state.release(entry("a")) == "w2")
        #expect(state.abandon(key: 2) == nil)
    }

    @Test func anOpeningThatOutlastsItsCallerServesTheNextOne() {
        var state = State(limit: 1, waitingLimit: 2)
        _ = state.lease()
        state.enqueue("w1", key: 1)
        #expect(state.abandon(key: 1) == "w1")
        #expect(state.opened(entry("a")) == nil)
        #expect(name(state.lease()) == "a")
    }

    @Test func aFailedOpeningIsReportedToOneWaiterAndTriedAgainForTheNext() {
        var state = State(limit: 1, waitingLimit: 2)
        _ = state.lease()
        state.enqueue("w1", key: 1)
        state.enqueue("w2", key: 2)
        #expect(state.failed() == "w1")
        #expect(state.replacement() == 2)
        #expect(state.failed() == "w2")
        #expect(state.replacement() == nil)
        #expect(state.count == 0)
    }

    @Test func aConnectionThatCannotServeTakesTheEarlierOnesWithIt() {
        var state = used(limit: 4)
        #expect(state.release(entry("c1", 1)) == nil)
        #expect(state.release(entry("c4", 4)) == nil)
        // c2 and c3 are lent, and c3 fails.
        #expect(state.retire(entry("c3", 3)) == ["c1"])
        state.discard()
        #expect(state.isRetired(entry("c2", 2)), "it is discarded when it is returned")
        #expect(!state.isRetired(entry("c4", 4)))
        #expect(state.count == 2)
        #expect(name(state.lease()) == "c4")
        #expect(state.retire(entry("c2", 2)) == [], "an earlier failure retires nothing newer")
        #expect(!state.isRetired(entry("c4", 4)))
    }
}
