import Domain
import Foundation
import NIOCore
import TestSupport
import Testing

@testable import API

/// The bodies of requests. The initialisers throw nothing but a ``Problem``; its code must be `invalid-request`.
@Suite(.timeLimit(.minutes(10))) struct RequestBodyFuzzTests {
    private static let tokens = [
        "{", "}", "[", "]", "\"", ":", ",", "null", "true", "1e9", "-0", "1.0", "\\u0000", "\\ud800", "\\", "\u{0}",
        "\u{feff}", "//", "\"event\":", "\"quantity\":", "\"customer\":\"\"", "99999999999999999999", "1e400",
    ].map { Array($0.utf8) }

    @Test func aValidPurchaseIsReadAsItWasWritten() async throws {
        try await fuzz("purchases", inputs: 10_000) { input in
            let customer = Self.customer(&input)
            let quantity = input.edge(1...1000)
            var body = JSONBody()
            body.add("quantity", "\(quantity)", &input)
            body.add("customer", JSONBody.string(customer, &input), &input)
            body.add("event", "\"e.\(quantity)\"", &input)
            let request = try BuyRequest(ByteBuffer(bytes: body.bytes(&input)))
            try require(request.quantity == quantity, "\(quantity) became \(request.quantity)")
            try require(request.event.description == "e.\(quantity)", "the event became \(request.event)")
            try require(
                request.customer.map { Array($0.utf8) } == Array(customer.utf8),
                "\(Array(customer.utf8)) became \(String(describing: request.customer.map { Array($0.utf8) }))")
        }
    }

    @Test func aDamagedPurchaseIsRefusedOrInRange() async throws {
        try await fuzz("damaged purchases", inputs: 15_000) { input in
            var body = JSONBody()
            for name in ["quantity", "customer", "event"] where !input.oneIn(3) {
                body.add(name, JSONBody.value(&input, depth: 0), &input)
            }
            let bytes = input.oneIn(3) ? body.bytes(&input) : input.mutated(body.bytes(&input), with: Self.tokens)
            guard let request = try accepted(try BuyRequest(ByteBuffer(bytes: bytes))) else { return }
            try require((1...1000).contains(request.quantity), "quantity \(request.quantity)")
            guard let customer = request.customer else { return }
            try require((1...128).contains(customer.unicodeScalars.count), "a customer of another length: \(bytes)")
            try require(!customer.unicodeScalars.contains { $0.value < 0x20 }, "a customer with controls: \(bytes)")
        }
    }

    @Test func aDamagedEventIsRefusedOrInRange() async throws {
        let names = [
            "name", "capacity", "per_customer_limit", "max_quantity", "hold_seconds", "opens_at", "closes_at", "paused",
        ]
        try await fuzz("damaged events", inputs: 10_000) { input in
            var body = JSONBody()
            for name in names where input.oneIn(3) { body.add(name, JSONBody.value(&input, depth: 0), &input) }
            if input.oneIn(2) { body.add("opens_at", Self.time(&input), &input) }
            let bytes = input.oneIn(2) ? body.bytes(&input) : input.mutated(body.bytes(&input), with: Self.tokens)
            guard let change = try accepted(try EventRequest(ByteBuffer(bytes: bytes)))?.change else { return }
            try require(change.capacity.map(EventTerms.capacityRange.contains) ?? true, "capacity: \(bytes)")
            try require(change.maxQuantity.map(EventTerms.maxQuantityRange.contains) ?? true, "maximum: \(bytes)")
            if let limit = change.customerLimit ?? nil {
                try require(EventTerms.customerLimitRange.contains(limit), "limit: \(bytes)")
            }
            if let seconds = change.holdSeconds ?? nil {
                try require(EventTerms.holdSecondsRange.contains(seconds), "hold: \(bytes)")
            }
            for time in [change.opensAt ?? nil, change.closesAt ?? nil].compactMap({ $0 }) {
                try require(time.milliseconds >= 0, "a negative time: \(bytes)")
            }
        }
    }

    @Test func randomBytesAreRefused() async throws {
        let alphabet = Array("{}[]\":,\\ntrufalse0123456789.eE+- \n\u{e9}".utf8)
        try await fuzz("random bodies", inputs: 5_000) { input in
            let bytes = input.oneIn(2) ? input.bytes(upTo: 60) : input.bytes(of: alphabet, upTo: 60)
            _ = try accepted(try BuyRequest(ByteBuffer(bytes: bytes)))
            _ = try accepted(try ResetRequest(ByteBuffer(bytes: bytes)))
        }
    }

    private static func customer(_ input: inout FuzzInput) -> String {
        let scalars = input.text(upTo: 20).unicodeScalars.filter { $0.properties.generalCategory != .control }
        return scalars.isEmpty ? "ann" : String(String.UnicodeScalarView(scalars))
    }

    /// A time in the format of RFC 3339; some of its fields are out of range.
    private static func time(_ input: inout FuzzInput) -> String {
        func number(_ range: ClosedRange<Int>, _ width: Int) -> String {
            let digits = String(input.edge(range))
            return String(repeating: "0", count: max(0, width - digits.count)) + digits
        }
        let year = input.oneIn(8) ? number(0...99999, 4) : number(1900...2100, 4)
        let day = "\(year)-\(number(0...13, 2))-\(number(0...32, 2))"
        let clock = "\(number(0...25, 2)):\(number(0...61, 2)):\(number(0...61, 2))"
        let digits = String(decoding: input.bytes(of: Array("0159".utf8), upTo: 12), as: UTF8.self)
        let fraction = input.oneIn(2) ? "" : ".\(digits)"
        let zone = input.pick(["Z", "z", "+00:00", "-23:59", "+24:00", "+1:00", ""])
        return "\"\(day)T\(clock)\(fraction)\(zone)\""
    }
}
