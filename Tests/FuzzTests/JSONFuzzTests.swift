import Foundation
import NIOCore
import TestSupport
import Testing

@testable import Runtime

/// The JSON reader beside Foundation's. Where they differ, the difference is one of these:
///
/// - Foundation accepts a comma before a closing bracket, repeated names, a byte-order mark, UTF-16 and UTF-32, and values
///   nested up to 512 deep. The reader refuses them.
/// - Foundation drops U+FEFF from strings. The reader keeps it.
/// - Foundation refuses numbers that a `Double` cannot represent. The reader accepts numbers of any size.
@Suite(.timeLimit(.minutes(10))) struct JSONFuzzTests {
    private static let tokens = [
        "{", "}", "[", "]", "\"", ":", ",", "null", "true", "false", "1e9", "-0", "0", "1.0", "\\u0000", "\\ud800",
        "\\udc00", "\\", "\\u00e9", "\u{0}", "\u{feff}", "//", "\"a\":1", "\"a\":1,\"a\":1", ",}", ",]", "1e400", "é",
        "\u{a0}", " ", "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[",
    ].map { Array($0.utf8) }

    @Test func theVerdictIsFoundationsOrStricter() async throws {
        try await fuzz("JSON", inputs: 30_000) { input in
            let written = Array(JSONBody.value(&input, depth: 0).utf8)
            let bytes =
                switch input.int(0...5) {
                case 0: written
                case 1: input.bytes(of: Array("{}[]\":,\\ntrufalse0123456789.eE+- \n\u{e9}".utf8), upTo: 40)
                default: input.mutated(written, with: Self.tokens)
                }
            try Self.compare(bytes)
        }
    }

    /// The text of every value is read as the value.
    @Test func writtenObjectsAreRead() async throws {
        try await fuzz("JSON objects", inputs: 10_000) { input in
            var body = JSONBody()
            for name in ["a", "b|\"\\", "é\u{301}"].prefix(input.int(0...3)) {
                body.add(name, JSONBody.value(&input, depth: 0), &input)
            }
            try Self.compare(body.bytes(&input))
        }
    }

    private static func compare(_ bytes: [UInt8]) throws {
        let theirs = try? JSONSerialization.jsonObject(with: Data(bytes), options: .fragmentsAllowed)
        let text = String(decoding: bytes, as: UTF8.self)
        let value: JSONValue
        do throws(JSONError) {
            value = try JSONValue(ByteBuffer(bytes: bytes))
        } catch {
            guard theirs != nil, !isStricter(error, bytes) else { return }
            throw FuzzFailure(description: "Foundation accepts '\(text)', the reader does not: \(error)")
        }
        if let theirs {
            guard !text.unicodeScalars.contains("\u{feff}") else { return }
            try require(isEqual(value, theirs), "'\(text)' is \(value), for Foundation \(theirs)")
        } else {
            try require(hasHugeNumber(value), "Foundation refuses '\(text)', the reader does not")
        }
    }

    private static func isStricter(_ error: JSONError, _ bytes: [UInt8]) -> Bool {
        switch error.flaw {
        case .trailingComma, .repeatedName, .byteOrderMark, .tooDeep: true
        // Foundation takes these texts for UTF-16 or UTF-32.
        default: bytes.prefix(4).contains(0) || bytes.starts(with: [0xfe, 0xff]) || bytes.starts(with: [0xff, 0xfe])
        }
    }

    private static func hasHugeNumber(_ value: JSONValue) -> Bool {
        switch value {
        case .number(let number): abs(number.magnitude) > 300
        case .array(let values): values.contains(where: hasHugeNumber)
        case .object(let members): members.contains { hasHugeNumber($0.value) }
        default: false
        }
    }

    private static func isEqual(_ value: JSONValue, _ theirs: Any) -> Bool {
        switch value {
        case .null: return theirs is NSNull
        case .boolean(let value): return theirs as? Bool == value
        case .number(let number):
            guard let theirs = (theirs as? NSNumber)?.doubleValue else { return false }
            guard let integer = number.integer, integer.magnitude < 1 << 53 else { return true }
            return theirs == Double(integer)
        case .string(let text): return (theirs as? String).map { $0.utf8.elementsEqual(text.utf8) } ?? false
        case .array(let values):
            guard let theirs = theirs as? [Any], theirs.count == values.count else { return false }
            return zip(values, theirs).allSatisfy { isEqual($0, $1) }
        case .object(let members):
            guard let theirs = theirs as? [String: Any] else { return false }
            // Foundation's dictionary has one member for names that are canonically equivalent.
            guard theirs.count == Set(members.map(\.name)).count else { return false }
            return members.allSatisfy { member in
                theirs[member.name].map { isEqual(member.value, $0) } ?? false
                    || members.contains { $0.name == member.name && $0 != member }
            }
        }
    }
}
