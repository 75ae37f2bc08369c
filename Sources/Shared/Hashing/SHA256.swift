import CLibcrypto

/// The SHA-256 of a text, from OpenSSL's libcrypto.
package struct SHA256Digest: Sendable {
    private static let size = Int(SHA256_DIGEST_LENGTH)

    private let bytes: [UInt8]

    /// - Parameter text: the bytes to hash, at once.
    package init(_ text: [UInt8]) {
        bytes = [UInt8](unsafeUninitializedCapacity: Self.size) { buffer, count in
            _ = CLibcrypto.SHA256(text, text.count, buffer.baseAddress)
            count = Self.size
        }
    }

    /// The first 64 bits, as a big-endian number.
    package var first64Bits: UInt64 { bytes.prefix(8).reduce(0) { $0 << 8 | UInt64($1) } }

    /// Compares in a time that does not depend on the bytes.
    package func isEqual(to other: SHA256Digest) -> Bool { CRYPTO_memcmp(bytes, other.bytes, Self.size) == 0 }
}
