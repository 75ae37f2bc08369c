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

    @Test func opensUpToItsLimitThenQueuesThenRefuses() {
        var state = State(limit: 2, waitingLimit: 1)
        #expect(name(state.lease()) == "open")
        #expect(name(state.lease()) == "open")
        #expect(name(state.lease()) == "wait")
        state.enqueue("w1", key: 1)
        #expect(name(state.lease()) == "refuse")
        #expect(state.count == 2)
    }

    @Test func lendsToTheFirstWaiterAndReusesTheLastReleased() {
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
        #expect([1, -2, 3].postgresText == #"{"1","-2","3"}"#)
        #expect([Int]().postgresText == "{}")
        #expect(
            PostgresArray.literal(["a", nil, "NULL", "", "\"\\{},"] as [String?]) == #"{"a",NULL,"NULL","","\"\\{},"}"#)
    }

    @Test func errorsTellWhetherAStatementCanHaveRun() {
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

@Suite struct PostgresSQLTests {
    @Test(arguments: [
        ("SELECT :a, :b_1, :a", "SELECT $1, $2, $1", ["a", "b_1"]),
        (":a::int[]", "$1::int[]", ["a"]),
        ("x::text || :x::text", "x::text || $1::text", ["x"]),
        ("':a' || ':b''s :c' || :d", "':a' || ':b''s :c' || $1", ["d"]),
        (#"E'\':a' || e'\\' || :b"#, #"E'\':a' || e'\\' || $1"#, ["b"]),
        (#"the'\' || :b"#, #"the'\' || $1"#, ["b"]),
        (#"":a" = :b"#, #"":a" = $1"#, ["b"]),
        ("-- an event's :a\n:b -- :c", "-- an event's :a\n$1 -- :c", ["b"]),
        ("/* :a /* :b */ it's :c */ :d", "/* :a /* :b */ it's :c */ $1", ["d"]),
        ("$$ :a $$ :b $x$ :c $$ $x$ :d", "$$ :a $$ $1 $x$ :c $$ $x$ $2", ["b", "d"]),
        ("a[1:2] := :a", "a[1:2] := $1", ["a"]),
        ("'open :a", "'open :a", []),
    ])
    func namesBecomeNumbersOutsideOfTextsAndComments(source: String, text: String, names: [String]) {
        let sql = PostgresSQL(source)
        #expect(sql.text == text)
        #expect(sql.parameters == names)
    }

    @Test func parametersThatDoNotFitAreNamed() {
        func flaw(_ parameters: PostgresStatement<Int, Never>.Parameters) -> String? {
            PostgresStatement<Int, Never>("s", sql: "UPDATE t SET a = :a, b = :b", parameters: parameters).flaw
        }
        #expect(flaw(["b": { $0 }, "a": { $0 }]) == nil)
        #expect(flaw(["a": { $0 }]) == "the statement s has no value for b")
        #expect(
            flaw(["a": { $0 }, "c": { $0 }])
                == "the statement s has no value for b and has no parameter named c")
        #expect(flaw(["a": { $0 }, "b": { $0 }, "a": { $0 }]) == "the statement s repeats a")
    }

    @Test func valuesAreInTheOrderOfTheText() throws {
        let statement = PostgresStatement<(Int, String?), Never>(
            "s", sql: "UPDATE t SET a = :text WHERE id = :id AND a IS DISTINCT FROM :text",
            parameters: ["id": { $0.0 }, "text": { $0.1 }])
        #expect(try statement.values(of: (7, nil)) == [nil, "7"])
        #expect(try statement.values(of: (7, "x")) == ["x", "7"])
    }
}
