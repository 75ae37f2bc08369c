import NIOCore
import Testing

@testable import RedisClient
@testable import Timing

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

    @Test func readsEachTypeOfValue() throws {
        #expect(try parse([Array(stream.utf8)[...]]) == values)
    }

    @Test func readsTheSameSplitAtEveryByte() throws {
        let bytes = Array(stream.utf8)
        for split in 0...bytes.count {
            #expect(try parse([bytes[..<split], bytes[split...]]) == values, "split at \(split)")
        }
        #expect(try parse(bytes.indices.map { bytes[$0...$0] }) == values)
    }

    @Test(arguments: ["!x\r\n", "$abc\r\n", "*2\r\n?\r\n", ":1x\r\n"])
    func refusesInvalidInput(text: String) {
        #expect(throws: RedisError.self) { try parse([Array(text.utf8)[...]]) }
    }
}

@Suite struct RedisCommandTests {
    private func bytes(_ command: RedisCommand) -> String {
        var buffer = ByteBuffer()
        command.encode(into: &buffer)
        return String(buffer: buffer)
    }

    @Test func writesAnArrayOfBulkStrings() {
        #expect(bytes(RedisCommand("GET", "k")) == "*2\r\n$3\r\nGET\r\n$1\r\nk\r\n")
        #expect(bytes(RedisCommand("SET", "ä", "")) == "*3\r\n$3\r\nSET\r\n$2\r\nä\r\n$0\r\n\r\n")
    }

    @Test func writesScriptsByDigestOrWithTheirSource() {
        let script = RedisScript(name: "s", source: Array("return 1".utf8))
        var call = RedisScriptCall(script, keys: ["k1"], arguments: ["a"])
        call.append(7)
        call.append(key: "k2")
        #expect(
            bytes(call.command(digest: "d"))
                == "*7\r\n$7\r\nEVALSHA\r\n$1\r\nd\r\n$1\r\n2\r\n$2\r\nk1\r\n$2\r\nk2\r\n$1\r\na\r\n$1\r\n7\r\n")
        #expect(bytes(call.command(digest: nil)).hasPrefix("*7\r\n$4\r\nEVAL\r\n$8\r\nreturn 1\r\n$1\r\n2\r\n"))
    }

    @Test func knowsWhichErrorsPrecedeExecution() {
        #expect(!RedisError.server("NOSCRIPT No matching script").mayHaveRun)
        #expect(!RedisError.server("OOM command not allowed").mayHaveRun)
        #expect(RedisError.server("ERR user_script:1: failed half-way").mayHaveRun)
        #expect(RedisError.server("NOSCRIPT x").serverCode == "NOSCRIPT")
    }
}

@Suite struct RedisConnectionStateTests {
    @Test func reopensAtOnceAfterALoss() {
        var state = RedisConnectionState()
        #expect(state.admission == .wait)
        #expect(state.start() == .connect)
        #expect(state.start() == .none)
        #expect(state.admission == .wait)
        state.didBecomeReady()
        #expect(state.admission == .send)
        #expect(state.didDisconnect() == .connect)
        #expect(state.admission == .wait)
    }

    @Test func refusesAfterAFailureAndCountsFailures() {
        var state = RedisConnectionState()
        _ = state.start()
        #expect(state.didDisconnect() == .backOff(failures: 1))
        #expect(state.admission == .refuse)
        #expect(state.didDisconnect() == .none)
        #expect(state.backoffDidElapse() == .connect)
        #expect(state.admission == .refuse)
        #expect(state.didDisconnect() == .backOff(failures: 2))
        _ = state.backoffDidElapse()
        state.didBecomeReady()
        #expect(state.failures == 0)
    }

    @Test func staysClosed() {
        var state = RedisConnectionState()
        _ = state.start()
        state.close()
        state.didBecomeReady()
        #expect(state.didDisconnect() == .none)
        #expect(state.backoffDidElapse() == .none)
        #expect(state.admission == .refuseClosed)
    }

    @Test func backsOffBetweenHalfAndAllOfADoublingDelay() {
        let backoff = Backoff(base: .milliseconds(100), limit: .seconds(1))
        var generator = SystemRandomNumberGenerator()
        for (failures, nominal) in [(1, 100), (2, 200), (3, 400), (4, 800), (5, 1000), (1000, 1000)] {
            for _ in 0..<50 {
                let delay = backoff.delay(failures: failures, using: &generator)
                #expect(delay >= .milliseconds(nominal / 2) && delay <= .milliseconds(nominal))
            }
        }
    }
}
