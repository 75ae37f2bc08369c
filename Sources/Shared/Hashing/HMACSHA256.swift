import CLibcrypto

/// HMAC-SHA-256 (RFC 2104) with one key.
///
/// Both hashes of the HMAC begin with a block that depends on the key only. Their states after it are computed once, so that
/// a code costs two hashes of what follows, and no heap memory.
package struct HMACSHA256: Sendable {
    private static let blockSize = Int(SHA256_CBLOCK)

    private let inner: SHA256_CTX
    private let outer: SHA256_CTX

    package init(key: [UInt8]) {
        var block = key
        if key.count > Self.blockSize { block = SHA256Digest(key).bytes }
        block += Array(repeating: 0, count: Self.blockSize - block.count)
        inner = Self.state(after: block.map { $0 ^ 0x36 })
        outer = Self.state(after: block.map { $0 ^ 0x5c })
    }

    private static func state(after block: [UInt8]) -> SHA256_CTX {
        var state = SHA256_CTX()
        SHA256_Init(&state)
        SHA256_Update(&state, block, block.count)
        return state
    }

    /// A message, given in parts.
    package struct Message {
        fileprivate var state: SHA256_CTX

        package mutating func append(_ text: String) {
            var text = text
            text.withUTF8 { _ = SHA256_Update(&state, $0.baseAddress, $0.count) }
        }

        package mutating func append(_ bytes: [UInt8]) {
            _ = SHA256_Update(&state, bytes, bytes.count)
        }

        package mutating func append(_ byte: UInt8) {
            withUnsafeBytes(of: byte) { _ = SHA256_Update(&state, $0.baseAddress, 1) }
        }
    }

    /// The code of the message that `write` appends.
    package func code(_ write: (inout Message) -> Void) -> SHA256Digest {
        var message = Message(state: inner)
        write(&message)
        let digest = SHA256Digest { _ = SHA256_Final($0, &message.state) }
        var state = outer
        digest.withUnsafeBytes { _ = SHA256_Update(&state, $0.baseAddress, $0.count) }
        return SHA256Digest { _ = SHA256_Final($0, &state) }
    }
}
