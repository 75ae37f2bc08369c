import NIOCore
import Testing

@testable import API

/// The bodies of all routes are read by one reader.
@Suite struct StrictBodyTests {
    /// Every body that a route reads, by a name.
    private static let readers: [(name: String, field: String, read: @Sendable (ByteBuffer) throws -> Void)] = [
        ("buy", "quantity", { _ = try BuyRequest($0) }),
        ("buy, completely", "quantity", { _ = try BuyRequest(strict: $0) }),
        ("event", "capacity", { _ = try EventRequest($0) }),
        ("reset", "capacity", { _ = try ResetRequest($0) }),
        ("reconcile and requeue", "event", { _ = try SelectionRequest($0) }),
        ("lab purchase", "quantity", { _ = try LabBuyRequest($0) }),
        ("lab reset", "capacity", { _ = try LabResetRequest($0) }),
        ("confirm, cancel and requeue", "", { _ = try StrictObject.read($0, fields: []) }),
    ]

    private func problem(_ body: [UInt8], _ read: (ByteBuffer) throws -> Void) -> Problem? {
        do {
            try read(ByteBuffer(bytes: body))
            return nil
        } catch {
            return error as? Problem
        }
    }

    @Test(arguments: [
        "{}x", "{},", "{", "[]", "null", "1", "\"{}\"", " ", "\u{feff}{}", "{/**/}", "// c\n{}", "{,}", "{}\0",
        "{\"a\":NaN}",
        "{\"\\ud800\":1}", "{\"\t\":1}", "{'a':1}", "{a:1}", "{\"a\":01}", "{\"a\":1,}", "{\"a\":[1,]}",
        "{\"a\":1,\"a\":1}",
        "{\"a\":{\"b\":1,\"b\":1}}",
    ])
    func noBodyIsMoreThanJSON(body: String) {
        for reader in Self.readers {
            let problem = problem(Array(body.utf8), reader.read)
            #expect(problem?.code == .invalidRequest, "\(reader.name): \(body)")
        }
        for reader in Self.readers {
            #expect(
                problem([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d], reader.read) != nil, "\(reader.name): not UTF-8")
        }
    }

    /// Neither the first nor the last of two values applies, however their names are written.
    @Test func aFieldOccursOnce() {
        for reader in Self.readers where !reader.field.isEmpty {
            let value = reader.field == "event" ? "\"demo\"" : "1"
            let escaped = "\\u00" + String(reader.field.utf8.first ?? 0, radix: 16) + reader.field.dropFirst()
            for (first, second) in [(reader.field, reader.field), (escaped, reader.field), (reader.field, escaped)] {
                let body = "{\"\(first)\":\(value),\"\(second)\":\(value)}"
                let problem = problem(Array(body.utf8), reader.read)
                #expect(problem?.code == .invalidRequest, "\(reader.name): \(body)")
                #expect(problem?.extras.first?.value == .string(reader.field), "\(reader.name): \(body)")
            }
            #expect(problem(Array("{\"\(escaped)\":\(value)}".utf8), reader.read) == nil, "\(reader.name): escaped")
        }
    }

    @Test(arguments: ["[1]", "{\"a\":1}", "[]", "{}", "[[[[1]]]]"])
    func nestedValuesBelongNowhere(value: String) {
        for reader in Self.readers where !reader.field.isEmpty {
            let problem = problem(Array("{\"\(reader.field)\":\(value)}".utf8), reader.read)
            #expect(problem?.extras.first?.value == .string(reader.field), "\(reader.name): \(value)")
        }
    }

    /// Clients that write all numbers as floating-point numbers can buy.
    @Test(arguments: [("1.0", 1), ("1e0", 1), ("2.50e1", 25), ("10e-1", 1), ("1E+2", 100), ("0.5e1", 5)])
    func aWholeNumberHasManyForms(text: String, quantity: Int) throws {
        #expect(try BuyRequest(ByteBuffer(string: "{\"quantity\":\(text)}")).quantity == quantity)
    }

    @Test(arguments: ["1.5", "1.00000000000000000001", "1e400", "-1", "0", "0.0", "1001", "1e3000000000"])
    func otherNumbersAreRefused(text: String) {
        let problem = problem(Array("{\"quantity\":\(text)}".utf8)) { _ = try BuyRequest($0) }
        #expect(problem?.extras.first?.value == .string("quantity"))
    }

    @Test func aProblemSaysWhatIsWrong() {
        let comma = problem(Array(#"{"event":"j",}"#.utf8)) { _ = try BuyRequest($0) }
        #expect(
            comma?.detail == "The body is not valid JSON: a comma is followed by a closing bracket (byte 14).")
        let unknown = problem(Array(#"{"qty":1}"#.utf8)) { _ = try BuyRequest($0) }
        #expect(unknown?.detail == "Unknown field; the known fields are: customer, event, quantity.")
    }
}
