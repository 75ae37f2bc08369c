import Domain
import TestSupport
import Testing

@testable import API

/// Tokens of customers, which anybody can send.
@Suite(.timeLimit(.minutes(10))) struct CustomerTokenFuzzTests {
    private static let secret = "0123456789abcdef0123456789abcdef"
    private static let now = Timestamp(milliseconds: 1_800_000_000_000)
    private static let parts = [
        ".", "=", "eyJhbGciOiJub25lIn0", "eyJhbGciOiJIUzI1NiJ9", "e30", "\"", "{", "}", "\\u0000", "none", "\"alg\":",
        "\"sub\":",
        "\"exp\":", "1e999999999", "-", ",", "[", "kid",
    ].map { Array($0.utf8) }

    private static func tokens() throws -> CustomerTokens {
        CustomerTokens(keys: try TokenKeys("HS256:\(secret)"), audience: nil)
    }

    /// A token is valid only as it was signed.
    @Test func aChangedTokenIsRefused() async throws {
        let tokens = try Self.tokens()
        try await fuzz("changed tokens", inputs: 10_000) { input in
            let customer = input.pick(["ann", "bob", "c\(input.int(0...9))"])
            let token = TokenSigner.secret(Self.secret).token(
                header: #"{"alg":"HS256","typ":"JWT"}"#, payload: #"{"sub":"\#(customer)","exp":1800000060}"#)
            let sent = "Bearer \(token)"
            try require(
                try tokens.customer([sent], named: nil, at: Self.now) == customer, "\(sent) was not accepted")
            let changed = String(decoding: input.mutated(Array(token.utf8), with: Self.parts), as: UTF8.self)
            guard changed != token, let found = try? tokens.customer(["Bearer \(changed)"], named: nil, at: Self.now)
            else {
                return
            }
            // Spaces before the token do not count.
            try require(changed.drop { $0 == " " } == token, "\(changed) is a token of \(found)")
        }
    }

    /// Whatever is signed, a customer is one that a body could name.
    @Test func signedClaimsAreValidOrRefused() async throws {
        let tokens = try Self.tokens()
        try await fuzz("signed claims", inputs: 10_000) { input in
            let header = #"{"alg":"HS256","kid":"a"}"#
            let payload = #"{"sub":"ann","exp":1800000060,"nbf":1700000000.5,"aud":["x"]}"#
            func part(_ text: String) -> String {
                guard input.oneIn(2) else { return text }
                return String(decoding: input.mutated(Array(text.utf8), with: Self.parts), as: UTF8.self)
            }
            let token = TokenSigner.secret(Self.secret).token(
                header: part(input.pick([header, #"{"alg":"HS256"}"#])), payload: part(payload))
            let result = Result { () throws(Problem) in
                try tokens.customer(["Bearer \(token)"], named: nil, at: Self.now)
            }
            switch result {
            case .success(let customer):
                try require(
                    customer.map(BuyRequest.isCustomer) == true, "\(token) is a token of \(customer ?? "nobody")")
            case .failure(let problem):
                try require(problem.code == .unauthorized, "\(token) was refused with \(problem.code)")
            }
        }
    }
}
