import CLibcrypto

/// A public key for Ed25519 signatures (RFC 8032).
package struct Ed25519PublicKey: Hashable, Sendable {
    /// In bytes.
    package static let size = 32
    package static let signatureSize = 64

    private let bytes: [UInt8]

    /// Nil if there are more or fewer than 32 bytes.
    package init?(_ bytes: [UInt8]) {
        guard bytes.count == Self.size else { return nil }
        self.bytes = bytes
    }

    /// Whether the holder of the private key has signed a message. Takes about a tenth of a millisecond.
    package func isValid(_ signature: [UInt8], of message: [UInt8]) -> Bool {
        guard signature.count == Self.signatureSize,
            let key = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nil, bytes, bytes.count)
        else { return false }
        defer { EVP_PKEY_free(key) }
        guard let context = EVP_MD_CTX_new() else { return false }
        defer { EVP_MD_CTX_free(context) }
        return EVP_DigestVerifyInit(context, nil, nil, nil, key) == 1
            && EVP_DigestVerify(context, signature, signature.count, message, message.count) == 1
    }
}
