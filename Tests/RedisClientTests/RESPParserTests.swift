import Testing

@testable import RedisClient

@Suite struct RESPParserTests {
    private let stream =
        "+OK\r\n-ERR no such thing\r\n:-42\r\n$5\r\nhe\r\no\r\n$-1\r\n*-1\r\n$0\r\n\r\n"
        + "*3\r\n:1\r\n*2\r\n$1\r\na\r\n$-1\r\n+x\r\n*0\r\n"
    private let values: [RESPValue] = [
        .simpleString("OK"), .error("ERR no such thing"), .integer(-42), .bulkString(Array("he\r\no".utf8)), .null,
        .null,
        .bulkString([]), .array([.integer(1), .array([.bulkString([0x61]), .null]), .simpleString("x")]), .array([]),
    ]

    private func parse(_ chunks: [ArraySlice<UInt8>]) throws -> [RESPValue] {
        let parser = try RESPParser()
        var found: [RESPValue] = []
        for chunk in chunks {
            try chunk.withUnsafeBytes { try parser.feed($0) }
            while let value = try parser.next() { found.append(value) }
        }
        return found
    }

    @Test func everyTypeOfValueIsParsed() throws {
        #expect(try parse([Array(stream.utf8)[...]]) == values)
    }

    @Test func everySplitIsParsedToTheSameValues() throws {
        let bytes = Array(stream.utf8)
        for split in 0...bytes.count {
            #expect(try parse([bytes[..<split], bytes[split...]]) == values, "split at \(split)")
        }
        #expect(try parse(bytes.indices.map { bytes[$0...$0] }) == values)
    }

    @Test(arguments: ["*16777217\r\n", "*1\r\n*2147483647\r\n"])
    func anArrayThatWouldTakeAllMemoryIsRefused(text: String) {
        let error = #expect(throws: RedisError.self) { try parse([Array(text.utf8)[...]]) }
        #expect(error?.message == "the reply is too large")
    }

    @Test func aLongArrayIsParsed() throws {
        let values = try parse([Array(("*100000\r\n" + String(repeating: ":1\r\n", count: 100_000)).utf8)[...]])
        #expect(values == [.array(Array(repeating: .integer(1), count: 100_000))])
    }

    @Test(arguments: ["!x\r\n", "$abc\r\n", "*2\r\n?\r\n", ":1x\r\n"])
    func invalidInputIsRefused(text: String) {
        #expect(throws: RedisError.self) { try parse([Array(text.utf8)[...]]) }
    }
}
