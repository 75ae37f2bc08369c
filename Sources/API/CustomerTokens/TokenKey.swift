import Hashing

/// A key that verifies tokens. The kind of the key determines the algorithm; a token cannot choose another one for it.
struct TokenKey: Sendable {
    enum Algorithm: String, Sendable {
        case hs256 = "HS256"
        case edDSA = "EdDSA"

        /// The algorithm of a header's `alg`; nil for every other one. `Ed25519` is the later name of the only curve of `EdDSA`
        /// that is supported (RFC 9864).
        init?(header: String) {
            switch header {
            case "HS256": self = .hs256
            case "EdDSA", "Ed25519": self = .edDSA
            default: return nil
            }
        }
    }

    private enum Function: Sendable {
        case secret(HMACSHA256)
        case publicKey(Ed25519PublicKey)
    }

    /// The shortest secret in bytes (RFC 7518, section 3.2).
    static let shortestSecret = 32

    /// The `kid` of the tokens that the key verifies; nil: those without one.
    let id: String?
    private let function: Function

    /// Nil if the secret is too short.
    init?(secret: [UInt8], id: String? = nil) {
        guard secret.count >= Self.shortestSecret else { return nil }
        self.id = id
        function = .secret(HMACSHA256(key: secret))
    }

    init(_ publicKey: Ed25519PublicKey, id: String? = nil) {
        self.id = id
        function = .publicKey(publicKey)
    }

    var algorithm: Algorithm {
        switch function {
        case .secret: .hs256
        case .publicKey: .edDSA
        }
    }

    /// Whether the key is for a token with this header. A token with a `kid` needs the key of that name; one without is tried
    /// with every key of its algorithm.
    func fits(_ algorithm: Algorithm, id: String?) -> Bool {
        guard algorithm == self.algorithm else { return false }
        guard let id else { return true }
        // By bytes: for Swift, texts are also equal that are only canonically equivalent.
        return self.id.map { $0.utf8.elementsEqual(id.utf8) } ?? false
    }

    func verifies(_ signature: [UInt8], of text: String) -> Bool {
        switch function {
        case .secret(let function): function.code { $0.append(text) }.isEqual(to: signature)
        case .publicKey(let key): key.isValid(signature, of: Array(text.utf8))
        }
    }
}
