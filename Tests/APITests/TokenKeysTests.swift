import TestSupport
import Testing

@testable import API
@testable import Domain
@testable import Environment

/// The setting CUSTOMER_TOKENS_KEY.
@Suite struct TokenKeysTests {
    private static let first = "0123456789abcdef0123456789abcdef"
    private static let second = "another secret of thirty-two byte"
    private static let publicKey = TokenSigner.ed25519PublicKey

    private static func jwk(_ secret: String, _ others: String = "") -> String {
        #"{"kty":"oct","k":"\#(TokenSigner.base64URL(Array(secret.utf8)))"\#(others)}"#
    }

    private func accepts(_ keys: String, _ token: String) throws -> Bool {
        let tokens = CustomerTokens(keys: try TokenKeys(keys), audience: nil)
        return (try? tokens.customer(["Bearer \(token)"], named: nil, at: .now)) == "ann"
    }

    /// While a key is replaced, the tokens of both are accepted.
    @Test func severalKeysAreAccepted() throws {
        let keys = "HS256:\(Self.first),HS256:\(Self.second),EdDSA:\(Self.publicKey)"
        #expect(try accepts(keys, TokenSigner.secret(Self.first).token("ann")))
        #expect(try accepts(keys, TokenSigner.secret(Self.second).token("ann")))
        #expect(try accepts(keys, TokenSigner.ed25519.token("ann")))
        #expect(try !accepts("HS256:\(Self.second)", TokenSigner.secret(Self.first).token("ann")))
        #expect(try !accepts("HS256:\(Self.second)", TokenSigner.ed25519.token("ann")))
    }

    @Test func aKidChoosesItsKey() throws {
        let keys = #"{"keys":[\#(Self.jwk(Self.first, #","kid":"a""#)),\#(Self.jwk(Self.second, #","kid":"b""#))]}"#
        #expect(try accepts(keys, TokenSigner.secret(Self.first).token("ann", kid: "a")))
        #expect(try accepts(keys, TokenSigner.secret(Self.second).token("ann", kid: "b")))
        #expect(try !accepts(keys, TokenSigner.secret(Self.first).token("ann", kid: "b")))
        #expect(try !accepts(keys, TokenSigner.secret(Self.first).token("ann", kid: "c")))
        // Without a kid every key is tried.
        #expect(try accepts(keys, TokenSigner.secret(Self.second).token("ann")))
    }

    /// The forms in which tools write an Ed25519 key.
    @Test func aPublicKeyIsReadInEachForm() throws {
        let der = try #require(
            Base64URL.decode("MCowBQYDK2VwAyEA").map {
                TokenSigner.base64URL($0 + (Base64URL.decode(Self.publicKey) ?? []))
            })
        let base64 = Self.publicKey.replacing("-", with: "+").replacing("_", with: "/")
        let jwk = #"{"kty":"OKP","crv":"Ed25519","x":"\#(Self.publicKey)","alg":"EdDSA","use":"sig"}"#
        for key in [
            "EdDSA:\(Self.publicKey)", "EdDSA:\(base64)=", "EdDSA:\(der)", jwk, #"{"keys":[\#(jwk)]}"#, " \(jwk) ",
        ] {
            #expect(try accepts(key, TokenSigner.ed25519.token("ann")), "\(key)")
        }
    }

    @Test func theLaterNameOfTheAlgorithmIsAccepted() throws {
        let end = Timestamp.now.milliseconds / 1000 + 60
        let token = TokenSigner.ed25519.token(header: #"{"alg":"Ed25519"}"#, payload: #"{"sub":"ann","exp":\#(end)}"#)
        #expect(try accepts("EdDSA:\(Self.publicKey)", token))
    }

    @Test(arguments: [
        "secret", first, "HS256:", "HS256:short", "HS256:\(first),", ",HS256:\(first)", "hs256:\(first)", "none:x",
        "HS512:\(first)", "EdDSA:", "EdDSA:\(first)", "EdDSA:\(publicKey)A", "EdDSA:\(publicKey.dropLast())", "RS256:x",
        "-----BEGIN PUBLIC KEY-----", "{}", #"{"keys":[]}"#, #"{"keys":{}}"#,
        #"{"keys":[{"kty":"RSA","n":"AQAB","e":"AQAB"}]}"#,
        "{", #"{"keys":[],"keys":[]}"#, #"{"kty":"oct","k":"c2hvcnQ"}"#, #"{"kty":"oct"}"#,
        jwk(first, #","alg":"HS512""#), jwk(first, #","alg":"EdDSA""#), jwk(first, #","use":"enc""#),
        jwk(first, #","kid":1"#),
        #"{"kty":"OKP","crv":"Ed25519","x":"\#(publicKey)","d":"\#(publicKey)"}"#,
        #"{"kty":"OKP","crv":"Ed25519","x":"\#(publicKey)","alg":"HS256"}"#,
        #"{"kty":"OKP","crv":"X25519","x":"\#(publicKey)"}"#, #"{"kty":"OKP","crv":"Ed25519","x":"AAAA"}"#,
        Array(repeating: "HS256:\(first)", count: 17).joined(separator: ","),
    ])
    func otherTextsAreRefusedWithoutRepeatingThem(text: String) throws {
        let error = #expect(throws: SettingsError.self) {
            try APISettings(Settings(flags: ["CUSTOMER_TOKENS_KEY": text], environment: [:]))
        }
        let line = try #require(error?.description)
        #expect(line.hasPrefix("CUSTOMER_TOKENS_KEY cannot be read: "))
        #expect(!line.contains("\n"))
        for secret in [Self.first, Self.publicKey, "c2hvcnQ"] { #expect(!line.contains(secret)) }
    }

    @Test func theSettingIsOffByDefault() throws {
        #expect(try APISettings(Settings(flags: [:], environment: [:])).customerTokens == nil)
        let set = try APISettings(
            Settings(
                flags: [:],
                environment: ["CUSTOMER_TOKENS_KEY": "HS256:\(Self.first)", "CUSTOMER_TOKENS_AUDIENCE": "shop"]))
        #expect(set.customerTokens?.audience == "shop")
        #expect(throws: SettingsError.self) {
            try APISettings(Settings(flags: [:], environment: ["CUSTOMER_TOKENS_AUDIENCE": "shop"]))
        }
    }

    @Test(
        arguments: [
            ("", []), ("AA", [0]), ("AAA", [0, 0]), ("AAAA", [0, 0, 0]), ("_-8", [0xff, 0xef]), ("A", nil),
            ("AAAAA", nil),
            ("AB", nil), ("AAB", nil), ("AA==", nil), ("AA\n", nil), ("A+A", nil), ("A/A", nil), ("é", nil),
            (" AA", nil),
        ] as [(String, [UInt8]?)])
    func base64URLIsStrict(text: String, bytes: [UInt8]?) {
        #expect(Base64URL.decode(text) == bytes)
    }
}
