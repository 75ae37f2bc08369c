import CLibcrypto
import Foundation
import Hashing

/// Signs tokens as a shop does, well formed or not.
package enum TokenSigner: Sendable {
    case secret(String)
    /// A private key for Ed25519: 32 bytes.
    case privateKey([UInt8])
    /// Another program's signature: what the token has in its place.
    case fixed(String)

    /// A private key of this test.
    package static let ed25519 = TokenSigner.privateKey((1...32).map { $0 })

    /// The public key of ``ed25519`` in base64url.
    package static let ed25519PublicKey: String = {
        let bytes = [UInt8]((1...32).map { $0 })
        let key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nil, bytes, bytes.count)
        defer { EVP_PKEY_free(key) }
        var (result, size) = ([UInt8](repeating: 0, count: 32), 32)
        EVP_PKEY_get_raw_public_key(key, &result, &size)
        return base64URL(result)
    }()

    /// A token in compact form.
    package func token(header: String, payload: String) -> String {
        let signed = "\(Self.base64URL(Array(header.utf8))).\(Self.base64URL(Array(payload.utf8)))"
        return "\(signed).\(signature(of: signed))"
    }

    /// A token of a customer that is valid for some seconds.
    ///
    /// - Parameter claims: further members of the payload: `,"aud":"x"`.
    package func token(_ customer: String, seconds: Int = 600, kid: String? = nil, claims: String = "") -> String {
        let algorithm = if case .privateKey = self { "EdDSA" } else { "HS256" }
        let end = Int(Date().timeIntervalSince1970) + seconds
        return token(
            header: #"{"alg":"\#(algorithm)","typ":"JWT"\#(kid.map { #","kid":"\#($0)""# } ?? "")}"#,
            payload: #"{"sub":"\#(customer)","exp":\#(end)\#(claims)}"#)
    }

    private func signature(of text: String) -> String {
        switch self {
        case .secret(let secret):
            let code = HMACSHA256(key: Array(secret.utf8)).code { $0.append(text) }
            return Self.base64URL(code.bytes)
        case .privateKey(let bytes):
            let key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nil, bytes, bytes.count)
            let context = EVP_MD_CTX_new()
            defer {
                EVP_MD_CTX_free(context)
                EVP_PKEY_free(key)
            }
            var (signature, size) = ([UInt8](repeating: 0, count: 64), 64)
            EVP_DigestSignInit(context, nil, nil, nil, key)
            EVP_DigestSign(context, &signature, &size, Array(text.utf8), text.utf8.count)
            return Self.base64URL(signature)
        case .fixed(let signature): return signature
        }
    }

    package static func base64URL(_ bytes: [UInt8]) -> String {
        Data(bytes).base64EncodedString().replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
    }
}
