import TestSupport
import Testing

@testable import RedisClient

@Suite(.timeLimit(.minutes(10))) struct RESPParserFuzzTests {
    private struct Outcome: Equatable {
        var values: [RESPValue] = []
        var error: RedisError?
    }

    private static let tokens = [
        "\r\n", "\r", "\n", "+", "-", ":", "$", "*", "$-1\r\n", "*-1\r\n", "*0\r\n", "$0\r\n\r\n", "-2", "00", "+1",
        "9223372036854775807", "9223372036854775808", "-9223372036854775808", "4294967296", "2147483647", "*9\r\n",
        "%1\r\n", "_\r\n", "#t\r\n", ",1.5\r\n", "(1\r\n", "=4\r\n", "~1\r\n", ">1\r\n", "!1\r\n",
    ].map { Array($0.utf8) }
    private static let alphabet = Array("+-:$*0123456789\r\n\r\n\r\na".utf8)

    @Test func validStreamsHaveTheirValuesWhateverTheSplit() async throws {
        try await fuzz("valid RESP", inputs: 80_000) { input in
            let values = (0..<input.int(0...4)).map { _ in Self.value(&input, depth: 0) }
            let stream = Self.encoded(values, &input)
            let whole = try Self.outcome(of: [stream[...]])
            try require(whole.error == nil, "a valid stream was refused: \(String(describing: whole.error))")
            try require(whole.values == values, "\(values) became \(whole.values)")
            let split = try Self.outcome(of: input.pieces(of: stream))
            try require(split == whole, "split: \(split); whole: \(whole)")
        }
    }

    @Test func damagedStreamsHaveOneOutcomeWhateverTheSplit() async throws {
        try await fuzz("damaged RESP", inputs: 70_000) { input in
            let values = (0..<input.int(1...3)).map { _ in Self.value(&input, depth: 0) }
            let stream = input.mutated(Self.encoded(values, &input), with: Self.tokens)
            let whole = try Self.outcome(of: [stream[...]])
            let split = try Self.outcome(of: input.pieces(of: stream))
            try require(split == whole, "split: \(split); whole: \(whole); stream: \(stream)")
        }
    }

    @Test func randomBytesHaveOneOutcomeWhateverTheSplit() async throws {
        try await fuzz("random RESP", inputs: 30_000) { input in
            let stream =
                input.oneIn(2) ? input.bytes(upTo: 40) : input.bytes(of: Self.alphabet, upTo: 40)
            let whole = try Self.outcome(of: [stream[...]])
            let split = try Self.outcome(of: input.pieces(of: stream))
            try require(split == whole, "split: \(split); whole: \(whole); stream: \(stream)")
        }
    }

    /// What a parser makes of a stream. Checks that an error ends the stream.
    private static func outcome(of pieces: [ArraySlice<UInt8>]) throws -> Outcome {
        let parser = try RESPParser()
        var outcome = Outcome()
        for piece in pieces {
            outcome.error = read(piece, with: parser, into: &outcome.values)
            guard outcome.error == nil else { break }
        }
        guard outcome.error != nil else { return outcome }
        var later: [RESPValue] = []
        let second = read(Array("+OK\r\n".utf8)[...], with: parser, into: &later)
        try require(second != nil, "the stream continued after an error")
        try require(later.isEmpty, "a value was returned after an error: \(later)")
        return outcome
    }

    private static func read(
        _ piece: ArraySlice<UInt8>, with parser: RESPParser, into values: inout [RESPValue]
    ) -> RedisError? {
        var failure: RedisError?
        piece.withUnsafeBytes { bytes in
            do throws(RedisError) { try parser.feed(bytes) } catch { failure = error }
        }
        if let failure { return failure }
        do throws(RedisError) {
            while let value = try parser.next() { values.append(value) }
            return nil
        } catch {
            return error
        }
    }

    // MARK: Values

    private static func value(_ input: inout FuzzInput, depth: Int) -> RESPValue {
        switch input.int(0...(depth < 3 ? 6 : 4)) {
        case 0: .simpleString(line(&input))
        case 1: .error(line(&input))
        case 2: .integer(Int64(input.edge(Int.min...Int.max)))
        case 3: .null
        case 4: .bulkString(input.bytes(upTo: 20))
        default: .array((0..<input.int(0...4)).map { _ in value(&input, depth: depth + 1) })
        }
    }

    /// A text without the separator of lines.
    private static func line(_ input: inout FuzzInput) -> String {
        String(String.UnicodeScalarView(input.text(upTo: 8).unicodeScalars.filter { $0 != "\r" }))
    }

    private static func encoded(_ values: [RESPValue], _ input: inout FuzzInput) -> [UInt8] {
        var bytes: [UInt8] = []
        for value in values { write(value, to: &bytes, &input) }
        return bytes
    }

    private static func write(_ value: RESPValue, to bytes: inout [UInt8], _ input: inout FuzzInput) {
        switch value {
        case .simpleString(let text): bytes += "+\(text)\r\n".utf8
        case .error(let text): bytes += "-\(text)\r\n".utf8
        case .integer(let number): bytes += ":\(number)\r\n".utf8
        case .null: bytes += (input.oneIn(2) ? "$-1\r\n" : "*-1\r\n").utf8
        case .bulkString(let content): bytes += "$\(content.count)\r\n".utf8 + content + "\r\n".utf8
        case .array(let elements):
            bytes += "*\(elements.count)\r\n".utf8
            for element in elements { write(element, to: &bytes, &input) }
        }
    }
}
