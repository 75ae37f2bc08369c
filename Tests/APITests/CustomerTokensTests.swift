import Foundation
import TestSupport
import Testing

@testable import API
@testable import Domain
@testable import Environment
@testable import Runtime

/// Tokens without a server: what is accepted, and why everything else is refused.
@Suite struct CustomerTokensTests {
    private static let secret = "0123456789abcdef0123456789abcdef"
    private static let signer = TokenSigner.secret(secret)
    private static let now = Timestamp(milliseconds: 1_800_000_000_000)
    private static let seconds = 1_800_000_000
    private static let header = #"{"alg":"HS256"}"#
    private static let payload = #"{"sub":"ann","exp":1800000060}"#

    private func tokens(_ keys: String = "HS256:\(secret)", audience: String? = nil) throws -> CustomerTokens {
        CustomerTokens(keys: try TokenKeys(keys), audience: audience)
    }

    /// The reason for which a token is refused; nil if it is accepted.
    private func refusal(
        _ token: String, _ tokens: CustomerTokens? = nil, at now: Timestamp = now
    ) throws -> String? {
        do {
            _ = try (tokens ?? (try self.tokens())).customer(["Bearer \(token)"], named: nil, at: now)
            return nil
        } catch let problem as Problem {
            #expect(problem.code == .unauthorized)
            #expect(problem.headers[.wwwAuthenticate]?.hasPrefix(#"Bearer error="invalid_token""#) == true)
            return problem.detail
        }
    }

    @Test(arguments: [
        #"{"alg":"HS256"}"#, #"{"alg":"HS256","typ":"JWT"}"#, #"{"typ":"jwt","alg":"HS256"}"#,
        #" { "alg" : "HS256" , "x5t" : "other" } "#,
    ])
    func aSignedTokenNamesTheCustomer(header: String) throws {
        let token = Self.signer.token(header: header, payload: Self.payload)
        #expect(try tokens().customer(["Bearer \(token)"], named: nil, at: Self.now) == "ann")
        #expect(try tokens().customer(["bearer  \(token)"], named: "ann", at: Self.now) == "ann")
    }

    @Test func aPurchaseWithoutATokenIsAnonymous() throws {
        #expect(try tokens().customer([], named: nil, at: Self.now) == nil)
    }

    @Test(arguments: ["", "Bearer", "Bearer ", "Basic YTpi", "Bearer: x", "x", "HS256 x", "Token x"])
    func otherAuthorizationsAreRefused(header: String) throws {
        #expect(throws: Problem.self) { try tokens().customer([header], named: nil, at: Self.now) }
    }

    @Test func twoTokensAreRefused() throws {
        let token = "Bearer " + Self.signer.token(header: Self.header, payload: Self.payload)
        #expect(throws: Problem.self) { try tokens().customer([token, token], named: nil, at: Self.now) }
        #expect(throws: Problem.self) { try tokens().customer(["\(token), \(token)"], named: nil, at: Self.now) }
    }

    /// The body can name only the token's customer.
    @Test func anotherCustomerInTheBodyIsInvalid() throws {
        let token = "Bearer " + Self.signer.token(header: Self.header, payload: Self.payload)
        for (authorization, named) in [([token], "bob"), ([token], "Ann"), ([], "ann")] {
            let problem = #expect(throws: Problem.self) {
                try tokens().customer(authorization, named: named, at: Self.now)
            }
            #expect(problem?.code == .invalidRequest)
        }
        // Canonically equivalent texts are other customers.
        let composed = Self.signer.token(header: Self.header, payload: #"{"sub":"caf\u00e9","exp":1800000060}"#)
        #expect(throws: Problem.self) {
            try tokens().customer(["Bearer \(composed)"], named: "cafe\u{301}", at: Self.now)
        }
    }

    // MARK: Signatures and headers

    @Test(arguments: [
        #"{"alg":"none"}"#, #"{"alg":"None"}"#, #"{"alg":"hs256"}"#, #"{"alg":"HS512"}"#, #"{"alg":"RS256"}"#,
        #"{"alg":"ES256"}"#, #"{"alg":null}"#, #"{"alg":["HS256"]}"#, "{}", #"{"typ":"JWT"}"#, #"{"alg":""}"#,
    ])
    func otherAlgorithmsAreRefused(header: String) throws {
        #expect(
            try refusal(Self.signer.token(header: header, payload: Self.payload))
                == "The alg of the token is not accepted.")
        let unsigned = TokenSigner.fixed("").token(header: header, payload: Self.payload)
        #expect(try refusal(unsigned) == "The alg of the token is not accepted.")
    }

    @Test(arguments: [
        #"{"alg":"HS256","alg":"none"}"#, #"{"alg":"none","alg":"HS256"}"#, #"{"alg":"HS256","\u0061lg":"HS256"}"#,
        #"{"alg":"HS256"} "x""#, #"{"alg":"HS256",}"#, #"["HS256"]"#, #""HS256""#, "", "x",
        "\u{feff}{\"alg\":\"HS256\"}",
    ])
    func damagedHeadersAreRefused(header: String) throws {
        #expect(
            try refusal(Self.signer.token(header: header, payload: Self.payload))
                == "The token is not a JWT in compact form.")
    }

    @Test(arguments: [
        (#"{"alg":"HS256","crit":["exp"]}"#, "The token has a crit, which is not supported."),
        (#"{"alg":"HS256","crit":[]}"#, "The token has a crit, which is not supported."),
        (#"{"alg":"HS256","typ":"at+jwt"}"#, "The typ of the token is not JWT."),
        (#"{"alg":"HS256","typ":1}"#, "The typ of the token is not JWT."),
        (#"{"alg":"HS256","kid":"a"}"#, "No key has the alg and the kid of the token."),
        (#"{"alg":"HS256","kid":1}"#, "No key has the alg and the kid of the token."),
        (#"{"alg":"EdDSA"}"#, "No key has the alg and the kid of the token."),
    ])
    func headersThatAskForSomethingElseAreRefused(header: String, reason: String) throws {
        #expect(try refusal(Self.signer.token(header: header, payload: Self.payload)) == reason)
    }

    /// The tokens of RFC 7515, appendix A.1, and RFC 8037, appendix A.4, which other programs have signed: the signature is
    /// accepted, and what they lack is found after it.
    @Test(arguments: [
        (
            #"{"kty":"oct","k":"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow"}"#,
            "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9"
                + ".eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"
                + ".dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
            "The claim sub of the token is missing or not valid."
        ),
        (
            #"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#,
            "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc"
                + ".hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg",
            "The token is not a JWT in compact form."
        ),
    ])
    func tokensOfOtherProgramsAreVerified(key: String, token: String, reason: String) throws {
        let tokens = CustomerTokens(keys: try TokenKeys(key), audience: nil)
        let time = Timestamp(milliseconds: 1_300_819_000_000)
        #expect(try refusal(token, tokens, at: time) == reason)
        let other = CustomerTokens(
            keys: try TokenKeys("HS256:\(Self.secret),EdDSA:\(TokenSigner.ed25519PublicKey)"), audience: nil)
        #expect(try refusal(token, other, at: time) == "The signature of the token is not valid.")
    }

    @Test func everyChangedCharacterIsRefused() throws {
        for signer in [Self.signer, .ed25519] {
            let tokens = try tokens("HS256:\(Self.secret),EdDSA:\(TokenSigner.ed25519PublicKey)")
            let algorithm = if case .privateKey = signer { "EdDSA" } else { "HS256" }
            let token = signer.token(header: #"{"alg":"\#(algorithm)"}"#, payload: Self.payload)
            #expect(try refusal(token, tokens) == nil)
            for index in token.indices {
                for character in ["A", "B", ".", "=", "-"] where String(token[index]) != character {
                    let changed = token.replacingCharacters(in: index...index, with: character)
                    #expect(try refusal(changed, tokens) != nil, "\(changed)")
                }
            }
            for shortened in [
                String(token.dropLast()), String(token.dropFirst()), token + "A", token + "=", token + ".",
            ] {
                #expect(try refusal(shortened, tokens) != nil)
            }
        }
    }

    @Test(arguments: [
        "", ".", "..", "...", "a.b", "a.b.c.d", "e30.e30.", "e30.e30.e30", "eyJhbGciOiJIUzI1NiJ9.e30.", " . . ",
    ])
    func otherFormsAreRefused(token: String) throws {
        #expect(try refusal(token) != nil)
    }

    @Test func aTokenOfAnotherSecretIsRefused() throws {
        let token = TokenSigner.secret(Self.secret + "x").token(header: Self.header, payload: Self.payload)
        #expect(try refusal(token) == "The signature of the token is not valid.")
    }

    /// The signature of a key of EdDSA is not the code of HMAC with the public key, in whatever form, and the other way round.
    @Test func aPublicKeyIsNoSecret() throws {
        let tokens = try tokens("EdDSA:\(TokenSigner.ed25519PublicKey)")
        for secret in [TokenSigner.ed25519PublicKey, "EdDSA:\(TokenSigner.ed25519PublicKey)"] {
            let forged = TokenSigner.secret(secret).token(header: Self.header, payload: Self.payload)
            #expect(try refusal(forged, tokens) == "No key has the alg and the kid of the token.")
            let mixed = TokenSigner.secret(secret).token(header: #"{"alg":"EdDSA"}"#, payload: Self.payload)
            #expect(try refusal(mixed, tokens) == "The signature of the token is not valid.")
        }
    }

    @Test func aLongTokenIsRefused() throws {
        let claims = #","x":"\#(String(repeating: "x", count: 4000))""#
        #expect(
            try refusal(Self.signer.token("ann", claims: claims), at: .now)?.contains("more than 4096 bytes") == true)
        let fitting = #","x":"\#(String(repeating: "x", count: 2500))""#
        #expect(try refusal(Self.signer.token("ann", claims: fitting), at: .now) == nil)
    }

    // MARK: Claims

    @Test(
        arguments: [
            (#"{"sub":"ann","exp":1799999971}"#, nil), (#"{"sub":"ann","exp":1799999970}"#, "The token has expired."),
            (#"{"sub":"ann","exp":1799999971.9}"#, nil), (#"{"sub":"ann","exp":0}"#, "The token has expired."),
            (#"{"sub":"ann","exp":-1}"#, "The token has expired."), (#"{"sub":"ann","exp":18e8}"#, nil),
            (#"{"sub":"ann","exp":9007199254740993}"#, nil), (#"{"sub":"ann","exp":1e30}"#, "exp"),
            (#"{"sub":"ann","exp":1e-30}"#, "The token has expired."), (#"{"sub":"ann","exp":"1800000060"}"#, "exp"),
            (#"{"sub":"ann","exp":null}"#, "exp"), (#"{"sub":"ann"}"#, "exp"), (#"{"sub":"ann","exp":true}"#, "exp"),
            (#"{"sub":"ann","exp":1800000060,"nbf":1800000030}"#, nil),
            (#"{"sub":"ann","exp":1800000060,"nbf":1800000031}"#, "The token is not valid yet."),
            (#"{"sub":"ann","exp":1800000060,"nbf":"0"}"#, "nbf"), (#"{"exp":1800000060}"#, "sub"),
            (#"{"sub":"","exp":1800000060}"#, "sub"), (#"{"sub":1,"exp":1800000060}"#, "sub"),
            (#"{"sub":null,"exp":1800000060}"#, "sub"), (#"{"sub":["ann"],"exp":1800000060}"#, "sub"),
            (#"{"sub":"a\nb","exp":1800000060}"#, "sub"), (#"{"sub":"a\u0000","exp":1800000060}"#, "sub"),
            (#"{"sub":"ann","sub":"bob","exp":1800000060}"#, "The token is not a JWT in compact form."),
            (#"{"sub":"ann","exp":1800000060,"aud":"x"}"#, "The token is for another audience."),
            (#"{"sub":"ann","exp":1800000060,"aud":[]}"#, "The token is for another audience."),
            (#"["ann"]"#, "The token is not a JWT in compact form."), ("", "The token is not a JWT in compact form."),
        ] as [(String, String?)])
    func claimsAreChecked(payload: String, reason: String?) throws {
        let found = try refusal(Self.signer.token(header: Self.header, payload: payload))
        let expected = reason.map { $0.count > 3 ? $0 : "The claim \($0) of the token is missing or not valid." }
        #expect(found == expected)
    }

    @Test func aCustomerHasTheSameLimitsAsInABody() throws {
        for (length, isValid) in [(128, true), (129, false)] {
            let token = Self.signer.token(String(repeating: "é", count: length))
            #expect(try (refusal(token, at: .now) == nil) == isValid)
        }
    }

    @Test(arguments: [
        (#""shop""#, true), (#"["other","shop"]"#, true), (#""Shop""#, false), (#""""#, false), ("[]", false),
        (#"["other"]"#, false), (#"["shop",1]"#, false), ("null", false), ("1", false), (#"{"shop":1}"#, false),
    ])
    func anAudienceMustBeNamed(claim: String, isValid: Bool) throws {
        let tokens = try tokens(audience: "shop")
        let token = Self.signer.token("ann", claims: #","aud":\#(claim)"#)
        #expect(try (refusal(token, tokens, at: .now) == nil) == isValid)
    }

    @Test func aTokenWithoutTheAudienceIsRefused() throws {
        #expect(try refusal(Self.signer.token("ann"), try tokens(audience: "shop"), at: .now) != nil)
    }
}
