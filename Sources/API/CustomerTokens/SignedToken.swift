import NIOCore
import Runtime

/// A JWT in the compact form of a JWS (RFC 7519, RFC 7515), whose header has been read. Nothing else of it is read before its
/// signature is verified.
struct SignedToken {
    /// In bytes.
    static let lengthLimit = 4096

    private let algorithm: TokenKey.Algorithm
    private let keyID: String?
    /// The part that is signed: header and payload as they were sent.
    private let signed: String
    private let payload: Substring
    private let signature: [UInt8]

    init(_ text: String) throws(TokenFlaw) {
        guard text.utf8.count <= Self.lengthLimit else { throw .tooLong }
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 3, let header = Self.object(parts[0]), let signature = Base64URL.decode(parts[2]) else {
            throw .malformed
        }
        guard header["crit"] == nil else { throw .critical }
        guard let algorithm = header.text("alg").flatMap({ TokenKey.Algorithm(header: $0) }) else { throw .algorithm }
        if let type = header["typ"] {
            guard case .string(let name) = type, name.lowercased() == "jwt" else { throw .type }
        }
        if let id = header["kid"] {
            guard case .string(let name) = id else { throw .unknownKey }
            keyID = name
        } else {
            keyID = nil
        }
        self.algorithm = algorithm
        self.signature = signature
        payload = parts[1]
        signed = "\(parts[0]).\(parts[1])"
    }

    /// The claims, after the signature has been verified with one of the keys.
    func claims(_ keys: TokenKeys) throws(TokenFlaw) -> JSONValue {
        let fitting = keys.all.filter { $0.fits(algorithm, id: keyID) }
        guard !fitting.isEmpty else { throw .unknownKey }
        guard fitting.contains(where: { $0.verifies(signature, of: signed) }) else { throw .signature }
        guard let claims = Self.object(payload) else { throw .malformed }
        return claims
    }

    /// The JSON object that a part encodes.
    private static func object(_ part: Substring) -> JSONValue? {
        guard let bytes = Base64URL.decode(part), let value = try? JSONValue(ByteBuffer(bytes: bytes)),
            case .object = value
        else { return nil }
        return value
    }
}
