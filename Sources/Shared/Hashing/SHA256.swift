import CLibcrypto

/// The SHA-256 of a text, from OpenSSL's libcrypto. Needs no heap memory.
package struct SHA256Digest: Sendable {
    /// In bytes.
    package static let size = Int(SHA256_DIGEST_LENGTH)

    /// The bytes in their order.
    private var words: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)

    /// - Parameter text: the bytes to hash, at once.
    package init(_ text: [UInt8]) {
        self.init { _ = CLibcrypto.SHA256(text, text.count, $0) }
    }

    /// - Parameter write: writes the bytes of the digest.
    init(_ write: (UnsafeMutablePointer<UInt8>?) -> Void) {
        withUnsafeMutableBytes(of: &words) { write($0.bindMemory(to: UInt8.self).baseAddress) }
    }

    func withUnsafeBytes<Value>(_ body: (UnsafeRawBufferPointer) -> Value) -> Value {
        Swift.withUnsafeBytes(of: words) { body($0) }
    }

    package var bytes: [UInt8] { withUnsafeBytes { Array($0) } }

    /// The first 64 bits, as a big-endian number.
    package var first64Bits: UInt64 { UInt64(bigEndian: words.0) }

    /// Compares in a time that does not depend on the bytes.
    package func isEqual(to other: SHA256Digest) -> Bool {
        withUnsafeBytes { bytes in
            other.withUnsafeBytes { CRYPTO_memcmp(bytes.baseAddress, $0.baseAddress, Self.size) == 0 }
        }
    }

    /// Compares with other bytes in a time that does not depend on their values; false if there are more or fewer.
    package func isEqual(to other: [UInt8]) -> Bool {
        guard other.count == Self.size else { return false }
        return withUnsafeBytes { CRYPTO_memcmp($0.baseAddress, other, Self.size) == 0 }
    }

    /// Whether the digest begins with these bytes. Compares in a time that does not depend on their values.
    package func begins(with bytes: ArraySlice<UInt8>) -> Bool {
        guard !bytes.isEmpty, bytes.count <= Self.size else { return bytes.isEmpty }
        return withUnsafeBytes { own in
            bytes.withUnsafeBytes { CRYPTO_memcmp(own.baseAddress, $0.baseAddress, $0.count) == 0 }
        }
    }
}
