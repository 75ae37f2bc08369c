import HTTPTypes

/// The header `Idempotency-Key`.
enum IdempotencyKey {
    /// The key, 1 to 255 printable ASCII characters; nil if the header is absent.
    ///
    /// - Parameter values: the values of all fields with this name.
    static func read(_ values: [String]) throws(Problem) -> String? {
        guard let key = values.first else { return nil }
        guard values.count == 1, (1...255).contains(key.utf8.count), key.utf8.allSatisfy({ (0x20...0x7e).contains($0) })
        else {
            throw .invalid(
                "Idempotency-Key", "Idempotency-Key must be sent once, with 1 to 255 printable ASCII characters.")
        }
        return key
    }
}

extension HTTPField.Name {
    // Constants; they are valid tokens (RFC 9110).
    static let idempotencyKey = Self("Idempotency-Key").unsafelyUnwrapped
    static let admissionPass = Self("Admission-Pass").unsafelyUnwrapped
    static let admissionProof = Self("Admission-Proof").unsafelyUnwrapped
    static let forwardedFor = Self("X-Forwarded-For").unsafelyUnwrapped
    static let idempotentReplayed = Self("Idempotent-Replayed").unsafelyUnwrapped
}
