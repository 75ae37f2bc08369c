import Domain
import HTTPTypes
import Hummingbird
import HummingbirdCore
import NIOCore
import TestSupport
import Testing

@testable import API

/// What the API reads from the head of a request.
@Suite(.timeLimit(.minutes(10))) struct HeaderFuzzTests {
    private static let prefer = [
        "wait", "WAIT", "=", "30", "31", "-1", "+1", ";", ",", "\"", " ", "respond-async", "999999999999", "&wait=",
    ].map { Array($0.utf8) }

    @Test func anOrderIDIsReadAsItWasWritten() async throws {
        try await fuzz("order ids", inputs: 150_000) { input in
            let id = OrderID(milliseconds: input.next(), partition: input.int(0...4095), random: input.next())
            let text = input.oneIn(2) ? id.description : id.description.uppercased()
            try require(OrderID(text) == id, "\(text) became \(String(describing: OrderID(text)))")
            let damaged = input.mutated(Array(text.utf8), with: ["-", "{", "0x", "\0", "é"].map { Array($0.utf8) })
            let other = String(decoding: damaged, as: UTF8.self)
            guard let read = OrderID(other) else { return }
            try require(read.description == other.lowercased(), "\(other) became \(read)")
        }
    }

    @Test func aPreferredWaitIsReadAsItWasWritten() async throws {
        try await fuzz("preferences", inputs: 15_000) { input in
            let seconds = input.edge(0...40)
            let value = input.pick(["wait=\(seconds)", "wait=\"\(seconds)\"", " WAIT = \(seconds) ;x=1"])
            let others = input.pick(["respond-async", "wait", "wait=", "wait=-1", "wait=x;y", ""])
            let wait = try WaitPreference(uri: URI("/orders/1"), headers: [.prefer: "\(others),\(value), wait=7"])
            try require(wait == Self.wait(min(seconds, WaitPreference.limit)), "\(others),\(value) became \(wait)")
        }
    }

    @Test func aDamagedWaitIsRefusedOrInRange() async throws {
        try await fuzz("damaged waits", inputs: 25_000) { input in
            let seconds = input.edge(0...40)
            let query = input.mutated(Array("wait=\(seconds)&a=b".utf8), with: Self.prefer)
            let value = input.mutated(Array("respond-async, wait=\(seconds); x=1".utf8), with: Self.prefer)
            let hasQuery = input.oneIn(2)
            let uri = URI(hasQuery ? "/orders/1?" + String(decoding: query, as: UTF8.self) : "/orders/1")
            let headers: HTTPFields = [.prefer: String(decoding: value, as: UTF8.self)]
            guard let wait = try accepted(try WaitPreference(uri: uri, headers: headers)) else {
                // RFC 7240: a preference that is not valid is ignored.
                try require(hasQuery, "a preference was refused: \(value)")
                return
            }
            try require((0...WaitPreference.limit).contains(wait.seconds), "\(uri), \(value): \(wait)")
        }
    }

    @Test func anIdempotencyKeyIsPrintableOrRefused() async throws {
        try await fuzz("idempotency keys", inputs: 20_000) { input in
            let text =
                input.oneIn(2)
                ? input.text(upTo: 20)
                : String(decoding: input.bytes(of: Array(0x20...0x7e), upTo: input.oneIn(8) ? 300 : 40), as: UTF8.self)
            let sent = Array(repeating: text, count: input.int(0...2))
            let isValid = sent.count == 1 && sent[0].wholeMatch(of: /[ -~]{1,255}/) != nil
            switch try accepted(try IdempotencyKey.read(sent)) {
            case .none: try require(!sent.isEmpty && !isValid, "\(sent) was refused")
            case .some(let key): try require(sent.isEmpty ? key == nil : isValid && key == sent[0], "accepted \(sent)")
            }
        }
    }

    private static func wait(_ seconds: Int) -> WaitPreference? {
        try? WaitPreference(uri: URI("/orders/1"), headers: [.prefer: "wait=\(seconds)"])
    }
}
