import PostgresClient
import TestSupport
import Testing

private struct UUIDBytes: PostgresBinaryElement {
    static let postgresType = PostgresElementType.uuid
    var high: UInt64
    var low: UInt64

    func write(to bytes: inout PostgresBytes) {
        bytes.append(high)
        bytes.append(low)
    }
}

private struct Microseconds: PostgresBinaryElement {
    static let postgresType = PostgresElementType.timestamptz
    var since2000: Int64

    func write(to bytes: inout PostgresBytes) { bytes.append(since2000) }
}

/// The server reads arrays in binary format as the same arrays that it reads from text.
@Suite(.timeLimit(.minutes(10))) struct BinaryParameterTests {
    /// Returns the server's text of each element; nil for NULL.
    private func elements(
        _ array: PostgresBinaryArray?, _ type: PostgresElementType, isPrepared: Bool = true, _ test: TestStores
    ) async throws -> [String?] {
        let statement = PostgresStatement<PostgresBinaryArray?, String?>(
            "elements_\(type)", sql: "SELECT unnest(:array::\(type)[])::text AS element", isPrepared: isPrepared,
            parameters: ["array": { $0 }]
        ) { columns in
            let element = try columns["element", as: String?.self]
            return { row in try row[element] }
        }
        return try await test.pool.query(statement, array)
    }

    @Test func numbersAreReadUnchanged() async throws {
        try await withTestStores { test in
            let small: [Int32?] = [0, 1, -1, nil, .max, .min, 256, 0x0102_0304]
            let smallRead = try await elements(PostgresBinaryArray(small), .int4, test)
            #expect(smallRead == small.map { $0.map { String($0) } })
            let large: [Int64?] = [0, 1, -1, nil, .max, .min, 0x0102_0304_0506_0708]
            let largeRead = try await elements(PostgresBinaryArray(large), .int8, test)
            #expect(largeRead == large.map { $0.map { String($0) } })
        }
    }

    @Test func textsAreReadUnchanged() async throws {
        try await withTestStores { test in
            let texts: [String?] = [
                "a", "", nil, "NULL", "{}", "\"\\", "a,b", " x ", "é👩‍👧", "' OR 1=1 --", "\n\r\t", "\u{1}\u{7f}",
                String(repeating: "ü", count: 100_000), nil,
            ]
            let read = try await elements(PostgresBinaryArray(texts), .text, test)
            #expect(read == texts)
        }
    }

    @Test func uuidsAreReadUnchanged() async throws {
        try await withTestStores { test in
            let ids: [UUIDBytes?] = [
                UUIDBytes(high: 0, low: 0), UUIDBytes(high: .max, low: .max), nil,
                UUIDBytes(high: 0x0102_0304_0506_0708, low: 0x090a_0b0c_0d0e_0f10),
            ]
            let read = try await elements(PostgresBinaryArray(ids), .uuid, test)
            #expect(
                read == [
                    "00000000-0000-0000-0000-000000000000", "ffffffff-ffff-ffff-ffff-ffffffffffff", nil,
                    "01020304-0506-0708-090a-0b0c0d0e0f10",
                ])
        }
    }

    @Test func timesAreReadUnchanged() async throws {
        try await withTestStores { test in
            let times: [Int64?] = [0, 1, nil, -1, 848_781_579_441_000, .max, .min, -211_813_488_000_000_000]
            let statement = PostgresStatement<PostgresBinaryArray, String?>(
                "times", sql: "SELECT (unnest(:array::timestamptz[]) AT TIME ZONE 'UTC')::text AS element",
                parameters: ["array": { $0 }]
            ) { columns in
                let element = try columns["element", as: String?.self]
                return { row in try row[element] }
            }
            let array = PostgresBinaryArray(times.map { $0.map { Microseconds(since2000: $0) } })
            let read = try await test.pool.query(statement, array)
            #expect(
                read == [
                    "2000-01-01 00:00:00", "2000-01-01 00:00:00.000001", nil, "1999-12-31 23:59:59.999999",
                    "2026-11-23 20:39:39.441", "infinity", "-infinity", "4714-11-24 00:00:00 BC",
                ])
        }
    }

    @Test(arguments: PostgresElementType.allCases)
    func anEmptyArrayAndNoArrayAreRead(type: PostgresElementType) async throws {
        let empty =
            switch type {
            case .int4: PostgresBinaryArray([Int32]())
            case .int8: PostgresBinaryArray([Int64]())
            case .text: PostgresBinaryArray([String]())
            case .timestamptz: PostgresBinaryArray([Microseconds]())
            case .uuid: PostgresBinaryArray([UUIDBytes]())
            }
        try await withTestStores { test in
            let statement = PostgresStatement<PostgresBinaryArray?, Int?>(
                "length", sql: "SELECT cardinality(:array::\(type)[]) AS length", parameters: ["array": { $0 }]
            ) { columns in
                let length = try columns["length", as: Int?.self]
                return { row in try row[length] }
            }
            let lengths = try await test.pool.query(statement, empty) + test.pool.query(statement, nil)
            #expect(lengths == [0, nil])
        }
    }

    @Test func manyElementsAreReadInTheirOrder() async throws {
        try await withTestStores { test in
            let numbers = (0..<50_000).map { Int32($0) }
            let read = try await elements(PostgresBinaryArray(numbers), .int4, test)
            #expect(read == numbers.map { String($0) })
        }
    }

    @Test func aStatementThatIsNotPreparedTakesBinaryParameters() async throws {
        try await withTestStores { test in
            let read = try await elements(PostgresBinaryArray(["a", nil]), .text, isPrepared: false, test)
            #expect(read == ["a", nil])
        }
    }

    @Test func anArrayOfAnotherTypeFailsBeforeTheStatementRuns() async throws {
        try await withTestStores { test in
            try await test.sql("CREATE TABLE t (x bigint)")
            let insert = PostgresStatement<PostgresBinaryArray, Never>(
                "insert", sql: "INSERT INTO t SELECT unnest(:numbers::int8[])", parameters: ["numbers": { $0 }])
            // Eight bytes in each element, too, so the server would not notice.
            let times = PostgresBinaryArray([Microseconds(since2000: 1)])
            let error = await #expect(throws: PostgresError.self) { try await test.pool.execute(insert, times) }
            #expect(error?.code == .invalidStatement)
            #expect(error?.message == "the statement insert does not give numbers the type timestamptz[]")
            #expect(try await test.sql("SELECT count(*) FROM t") == "0")
            #expect(try await test.pool.execute(insert, PostgresBinaryArray([1, 2] as [Int64])) == 2)
        }
    }

    @Test func textThatTheServerCannotStoreIsAnErrorOfTheContent() async throws {
        try await withTestStores { test in
            let error = await #expect(throws: PostgresError.self) {
                _ = try await elements(PostgresBinaryArray(["nul\0l"]), .text, test)
            }
            #expect(error?.isAboutContent == true)
            let read = try await elements(PostgresBinaryArray(["a"]), .text, test)
            #expect(read == ["a"], "the connection still works")
        }
    }
}
