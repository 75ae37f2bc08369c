import Hashing
import NIOCore
import Runtime

/// Why the setting CUSTOMER_TOKENS_KEY cannot be read. Does not repeat any of it.
struct TokenKeysFlaw: Error, Hashable, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}

/// The keys of the setting CUSTOMER_TOKENS_KEY: a list of `HS256:SECRET` and `EdDSA:PUBLIC_KEY`, separated by commas; or a
/// JWK Set, or one JWK, as JSON (RFC 7517).
struct TokenKeys: Sendable {
    private static let limit = 16

    let all: [TokenKey]

    init(_ text: String) throws(TokenKeysFlaw) {
        let isJSON = text.first { !$0.isWhitespace } == "{"
        all = isJSON ? try Self.keySet(text) : try Self.list(text)
        guard (1...Self.limit).contains(all.count) else {
            throw TokenKeysFlaw("there must be 1 to \(Self.limit) keys, but there are \(all.count)")
        }
    }

    init(_ keys: [TokenKey]) { all = keys }

    private static func list(_ text: String) throws(TokenKeysFlaw) -> [TokenKey] {
        var keys: [TokenKey] = []
        for (index, entry) in text.split(separator: ",", omittingEmptySubsequences: false).enumerated() {
            let parts = entry.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            let value = parts.count == 2 ? parts[1] : ""
            switch parts[0] {
            case "HS256":
                guard let key = TokenKey(secret: Array(value.utf8)) else {
                    throw TokenKeysFlaw("key \(index + 1): a secret of HS256 has at least 32 bytes")
                }
                keys.append(key)
            case "EdDSA":
                guard let key = publicKey(base64: value) else {
                    throw TokenKeysFlaw("key \(index + 1): a key of EdDSA is an Ed25519 public key in Base64")
                }
                keys.append(TokenKey(key))
            default:
                throw TokenKeysFlaw("key \(index + 1) must be HS256:SECRET or EdDSA:PUBLIC_KEY, or all a JWK Set")
            }
        }
        return keys
    }

    /// What precedes the 32 bytes of an Ed25519 key in the form of `openssl pkey -pubout -outform DER` (RFC 8410).
    private static let derPrefix: [UInt8] = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00]

    /// A key in either alphabet of Base64: its 32 bytes, or its DER form.
    private static func publicKey(base64: Substring) -> Ed25519PublicKey? {
        var text = base64.replacing("+", with: "-").replacing("/", with: "_")
        while text.hasSuffix("="), base64.utf8.count % 4 == 0 { text.removeLast() }
        guard let bytes = Base64URL.decode(text) else { return nil }
        return Ed25519PublicKey(bytes.starts(with: derPrefix) ? Array(bytes.dropFirst(derPrefix.count)) : bytes)
    }

    private static func keySet(_ text: String) throws(TokenKeysFlaw) -> [TokenKey] {
        let value: JSONValue
        do throws(JSONError) {
            value = try JSONValue(ByteBuffer(string: text))
        } catch {
            throw TokenKeysFlaw("it is not valid JSON on one line: \(error)")
        }
        guard let values = value["keys"] else { return [try key(value, 1)] }
        guard case .array(let elements) = values else { throw TokenKeysFlaw("keys must be an array") }
        var keys: [TokenKey] = []
        for (index, element) in elements.enumerated() { keys.append(try key(element, index + 1)) }
        return keys
    }

    /// One JWK. Members that say nothing about signatures are ignored.
    private static func key(_ jwk: JSONValue, _ number: Int) throws(TokenKeysFlaw) -> TokenKey {
        func flaw(_ reason: String) -> TokenKeysFlaw { TokenKeysFlaw("key \(number): \(reason)") }
        if let use = jwk["use"], use != .string("sig") { throw flaw("use must be sig") }
        if jwk["kid"] != nil, jwk.text("kid") == nil { throw flaw("kid must be a string") }
        let key: TokenKey
        switch (jwk.text("kty"), jwk.text("crv")) {
        case ("oct", _):
            guard let bytes = jwk.text("k").flatMap({ Base64URL.decode($0) }),
                let secret = TokenKey(secret: bytes, id: jwk.text("kid"))
            else { throw flaw("k must be at least 32 bytes in base64url") }
            key = secret
        case ("OKP", "Ed25519"):
            guard jwk["d"] == nil else { throw flaw("it is a private key; only the public key belongs here") }
            guard let bytes = jwk.text("x").flatMap({ Base64URL.decode($0) }), let publicKey = Ed25519PublicKey(bytes)
            else { throw flaw("x must be 32 bytes in base64url") }
            key = TokenKey(publicKey, id: jwk.text("kid"))
        default:
            throw flaw("kty must be oct (HS256), or OKP with crv Ed25519 (EdDSA)")
        }
        if let algorithm = jwk["alg"] {
            guard case .string(let name) = algorithm, TokenKey.Algorithm(header: name) == key.algorithm else {
                throw flaw("alg must be \(key.algorithm.rawValue) for its kty")
            }
        }
        return key
    }
}

extension JSONValue {
    /// The member of an object; nil if there is none, or this is no object.
    subscript(name: String) -> JSONValue? {
        guard case .object(let members) = self else { return nil }
        return members.first { $0.name.utf8.elementsEqual(name.utf8) }?.value
    }

    /// A member that is a string.
    func text(_ name: String) -> String? {
        guard case .string(let text) = self[name] else { return nil }
        return text
    }
}
