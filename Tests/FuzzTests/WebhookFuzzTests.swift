import Foundation
import TestSupport
import Testing

@testable import API
@testable import Ledger
@testable import Runtime
@testable import Webhooks

/// URLs of webhooks, and cursors of changes.
@Suite(.timeLimit(.minutes(10))) struct WebhookFuzzTests {
    private static let tokens = [
        "://", "@", ":", "/", "\\", "?", "#", "[", "]", "%", "%40", "%2e", "..", "127.0.0.1", "::1", "localhost", "\0",
        "\n", "é", "\u{ff0e}", "10.0.0.1",
    ].map { Array($0.utf8) }

    /// Whatever is accepted has one host, which every parser finds, and that host is no private address.
    @Test func aURLHasOneHost() async throws {
        try await fuzz("webhook urls", inputs: 60_000) { input in
            let original = input.pick([
                "https://shop.example:8443/hook?a=b", "https://8.8.8.8/x", "https://[2606:4700::1]:1/", "https://a.b",
            ])
            let bytes = input.mutated(Array(original.utf8), with: Self.tokens)
            let text = String(decoding: bytes, as: UTF8.self)
            guard let url = try? WebhookURL(text, allowsPrivate: false) else { return }
            let host = URL(string: url.text)?.host(percentEncoded: true)?.trimmingPrefix("[")
            try require(host?.prefix { $0 != "]" } == url.host[...], "\(text): \(url.host), \(host ?? "none")")
            try require(URL(string: url.text)?.user() == nil, "\(text) has a user")
            if let address = IPAddress(url.host) { try require(address.isPublic, "\(text) is private") }
            let again = try? WebhookURL(url.text, allowsPrivate: false)
            try require(again == url, "\(text) is not stable")
        }
    }

    @Test func aCursorIsReadAsItWasWritten() async throws {
        try await fuzz("cursors", inputs: 20_000) { input in
            let position = ChangePosition(transaction: input.int(0...Int.max), sequence: input.int(0...Int.max))
            let cursor = ChangesCursor(position, in: "7713533290479380211-0000000A")
            try require(ChangesCursor(cursor.text) == cursor, "\(cursor.text)")
            let bytes = input.mutated(Array(cursor.text.utf8), with: Self.tokens)
            guard let damaged = ChangesCursor(String(decoding: bytes, as: UTF8.self)) else { return }
            try require(damaged.position.transaction >= 0 && damaged.position.sequence >= 0, "\(damaged)")
        }
    }
}
