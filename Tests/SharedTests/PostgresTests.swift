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

    @Test func opensUpToItsLimitThenLetsWaitThenRefuses() {
        var state = State(limit: 2, waitingLimit: 1)
        #expect(name(state.lease()) == "open")
        #expect(name(state.lease()) == "open")
        #expect(name(state.lease()) == "wait")
        state.enqueue("w1", key: 1)
        #expect(name(state.lease()) == "refuse")
        #expect(state.count == 2)
    }

    @Test func handsAConnectionToTheFirstWaiterAndKeepsTheLastWarm() {
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

    @Test func aBrokenConnectionLeavesItsPlaceToAWaiter() {
        var state = State(limit: 1, waitingLimit: 2)
        _ = state.lease()
        state.enqueue("w1", key: 1)
        #expect(state.discard() == "w1")
        #expect(state.count == 1)
        #expect(state.discard() == nil)
        #expect(state.count == 0)
    }

    @Test func aWaiterIsServedOrAbandonedNeverBoth() {
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

@Suite struct PostgresTextTests {
    @Test func arraysQuoteEverything() {
        #expect(PostgresArray.literal([1, -2, 3]) == "{1,-2,3}")
        #expect(PostgresArray.literal([Int]()) == "{}")
        #expect(
            PostgresArray.literal(["a", nil, "NULL", "", "\"\\{},"] as [String?]) == #"{"a",NULL,"NULL","","\"\\{},"}"#)
    }

    @Test func errorsSayWhetherAStatementCanHaveRun() {
        #expect(PostgresError(.connectionLost, "x").mayHaveRun)
        #expect(PostgresError(.timeout, "x").mayHaveRun)
        #expect(!PostgresError(.server, "x", sqlState: "23514").mayHaveRun)
        #expect(!PostgresError(.poolExhausted, "x").mayHaveRun)
        #expect(PostgresError(.server, "x", sqlState: "22021").isAboutContent)
        #expect(!PostgresError(.server, "x", sqlState: "40P01").isAboutContent)
        #expect(
            PostgresError(.server, "one\ntwo", sqlState: "23514").description == "Postgres: one (SQLSTATE 23514)")
    }

    @Test func connectionStringsAreCheckedWithoutRepeatingThem() {
        #expect(PostgresConninfo.flaw(of: "postgres://u:p@h:1/d") == nil)
        #expect(PostgresConninfo.flaw(of: "host=/tmp user=u") == nil)
        let flaw = PostgresConninfo.flaw(of: "postgres://u:hunter2@h:1/d?nonsense=1")
        #expect(flaw != nil)
        #expect(flaw?.contains("hunter2") == false)
    }
}
