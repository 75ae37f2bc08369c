import Testing

@testable import PostgresClient

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
    func namedParametersAreNumberedOutsideOfLiteralsAndComments(source: String, text: String, names: [String]) {
        let sql = PostgresSQL(source)
        #expect(sql.text == text)
        #expect(sql.parameters == names)
    }

    @Test func mismatchedParametersAreNamed() {
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

    @Test func valuesFollowTheOrderOfTheSQL() throws {
        let statement = PostgresStatement<(Int, String?), Never>(
            "s", sql: "UPDATE t SET a = :text WHERE id = :id AND a IS DISTINCT FROM :text",
            parameters: ["id": { $0.0 }, "text": { $0.1 }])
        #expect(try statement.values(of: (7, nil)) == [.null, .text("7")])
        #expect(try statement.values(of: (7, "x")) == [.text("x"), .text("7")])
    }
}
