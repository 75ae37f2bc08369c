import Foundation
import Hashing

/// The key that the messages to an endpoint are signed with, as Standard Webhooks defines it: `whsec_` and the base64 of the key.
package struct WebhookSecret: Sendable, CustomStringConvertible {
    private static let prefix = "whsec_"
    /// In bytes. Standard Webhooks allows 24 to 64.
    private static let size = 32

    /// The form that the receiver gets. Must not be logged.
    package let text: String
    private let key: HMACSHA256

    /// A new secret, from the random numbers of the operating system.
    package init() {
        var generator = SystemRandomNumberGenerator()
        let bytes = (0..<Self.size).map { _ in UInt8.random(in: 0...255, using: &generator) }
        text = Self.prefix + Data(bytes).base64EncodedString()
        key = HMACSHA256(key: bytes)
    }

    /// Nil if the text is not a secret.
    package init?(_ text: String) {
        guard text.hasPrefix(Self.prefix), let data = Data(base64Encoded: String(text.dropFirst(Self.prefix.count))),
            !data.isEmpty
        else { return nil }
        self.text = text
        key = HMACSHA256(key: Array(data))
    }

    /// The signature of a message: `v1,` and the base64 of the HMAC-SHA-256 of `id.timestamp.body`.
    package func signature(id: String, timestamp: Int64, body: String) -> String {
        let code = key.code { message in
            message.append("\(id).\(timestamp).")
            message.append(body)
        }
        return "v1," + Data(code.bytes).base64EncodedString()
    }

    /// Hides the secret.
    package var description: String { "\(Self.prefix)…" }
}
