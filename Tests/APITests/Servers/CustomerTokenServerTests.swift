import Foundation
import TestSupport
import Testing
import WorkerTestSupport

@testable import API
@testable import Domain
@testable import Engine

/// Purchases of an API that takes customers from tokens only.
@Suite(.bothWays, .timeLimit(.minutes(10))) struct CustomerTokenServerTests {
    private static let secret = "0123456789abcdef0123456789abcdef"
    private static let signer = TokenSigner.secret(secret)

    private func withSale(
        limit: Int? = 2, hasTokens: Bool = true,
        _ body: @escaping @Sendable (TestStores, HTTPClient) async throws -> Void
    ) async throws {
        try await withTestStores { test in
            try await test.catalogue.ensure(.demo, EventTerms(name: "Demo", capacity: 100, customerLimit: limit))
            let tokens = CustomerTokens(keys: try TokenKeys("HS256:\(Self.secret)"), audience: nil)
            try await test.withAPI(change: { $0.customerTokens = hasTokens ? tokens : nil }) { api in
                try await body(test, api)
            }
        }
    }

    private func buy(
        _ api: HTTPClient, _ token: String?, _ body: String = "{}", key: String? = nil
    ) async throws -> HTTPClient.Response {
        var headers: [String: String] = [:]
        if let token { headers["Authorization"] = "Bearer \(token)" }
        if let key { headers["Idempotency-Key"] = key }
        return try await api.send("POST", "/buy", body, headers: headers)
    }

    @Test func theCustomerIsTheTokens() async throws {
        try await withSale { test, api in
            let first = try await buy(api, Self.signer.token("ann"), #"{"quantity":2}"#)
            #expect(first.status == 202)
            let second = try await buy(api, Self.signer.token("ann", seconds: 900))
            #expect(second.text("code") == "customer-limit")
            #expect(try await buy(api, Self.signer.token("bob")).status == 202)
            try await test.withWorkers { try await test.waitUntilDrained() }
            #expect(
                try await test.sql("SELECT string_agg(customer || quantity, ' ' ORDER BY customer) FROM orders")
                    == "ann2 bob1")
        }
    }

    /// A key belongs to the customer of the token, whichever token it is.
    @Test func aKeyIsFoundWithANewTokenOfTheCustomerOnly() async throws {
        try await withSale(limit: nil) { _, api in
            let first = try await buy(api, Self.signer.token("ann"), key: "k")
            let again = try await buy(api, Self.signer.token("ann", seconds: 900), key: "k")
            #expect(again.text("ticket_id") == first.text("ticket_id"))
            #expect(again.headers["idempotent-replayed"] == "true")
            let other = try await buy(api, Self.signer.token("bob"), key: "k")
            #expect(other.status == 202)
            #expect(other.text("ticket_id") != first.text("ticket_id"))
            let anonymous = try await buy(api, nil, key: "k")
            #expect(anonymous.status == 202)
            #expect(anonymous.text("ticket_id") != first.text("ticket_id"))
        }
    }

    @Test func aPurchaseWithoutATokenIsAnonymous() async throws {
        try await withSale { _, api in
            let response = try await buy(api, nil)
            #expect(response.status == 400)
            #expect(response.text("field") == "customer")
        }
        try await withSale(limit: nil) { test, api in
            #expect(try await buy(api, nil).status == 202)
            try await test.withWorkers { try await test.waitUntilDrained() }
            #expect(try await test.sql("SELECT count(*) FROM orders WHERE customer IS NULL") == "1")
        }
    }

    @Test func theBodyNamesNoOtherCustomer() async throws {
        try await withSale { test, api in
            for (token, body) in [
                (nil, #"{"customer":"ann"}"#), (Self.signer.token("ann"), #"{"customer":"bob"}"#),
                (Self.signer.token("ann"), #"{"customer":""}"#), (Self.signer.token("ann"), #"{"customer":null}"#),
            ] {
                let response = try await buy(api, token, body)
                #expect(response.status == 400)
                #expect(response.text("field") == "customer")
            }
            #expect(try await test.counters().available == 100)
            #expect(try await buy(api, Self.signer.token("ann"), #"{"customer":"ann"}"#).status == 202)
        }
    }

    @Test func aTokenThatIsNotValidBuysNothing() async throws {
        try await withSale(limit: nil) { test, api in
            let good = Self.signer.token("ann")
            let parts = good.split(separator: ".")
            let payload = TokenSigner.base64URL(Array(#"{"sub":"bob","exp":99999999999}"#.utf8))
            let tokens = [
                "x", good + "A", String(good.dropLast(2)), "\(parts[0]).\(payload).\(parts[2])",
                "\(parts[0]).\(parts[1]).", Self.signer.token("ann", seconds: -60),
                TokenSigner.secret("other").token("ann"),
                TokenSigner.ed25519.token("ann"), Self.signer.token("ann", kid: "k"),
                Self.signer.token("ann", claims: #","aud":"another""#),
                TokenSigner.fixed("").token(header: #"{"alg":"none"}"#, payload: #"{"sub":"ann","exp":99999999999}"#),
                Self.signer.token("ann", claims: #","x":"\#(String(repeating: "x", count: 5000))""#),
            ]
            for token in tokens {
                let response = try await buy(api, token, key: "k")
                #expect(response.status == 401, "\(token)")
                #expect(response.text("code") == "unauthorized")
                #expect(response.headers["content-type"] == "application/problem+json")
                #expect(response.headers["www-authenticate"]?.hasPrefix(#"Bearer error="invalid_token""#) == true)
                #expect(response.headers["cache-control"] == "no-store")
                #expect(token.count < 20 || !response.body.contains(token.prefix(20)))
            }
            let basic = try await api.send("POST", "/buy", "{}", headers: ["Authorization": "Basic YTpi"])
            #expect(basic.status == 401)
            let twice = try await api.exchange([
                .send(
                    """
                    POST /buy HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer \(good)\r\nAuthorization: Bearer \(good)\r
                    Connection: close\r\nContent-Length: 0\r\n\r\n
                    """)
            ])
            #expect(twice.hasPrefix("HTTP/1.1 401"))
            #expect(try await test.counters().available == 100)
        }
    }

    /// Without the setting, the field Authorization means nothing for a purchase.
    @Test func withoutTheSettingTheBodyNamesTheCustomer() async throws {
        try await withSale(hasTokens: false) { test, api in
            for token in ["x", Self.signer.token("ann")] {
                #expect(try await buy(api, token, #"{"customer":"bob"}"#).status == 202)
            }
            try await test.withWorkers { try await test.waitUntilDrained() }
            #expect(try await test.sql("SELECT count(*) FROM orders WHERE customer = 'bob'") == "2")
        }
    }
}

/// The API as a process with tokens.
@Suite(.timeLimit(.minutes(10))) struct CustomerTokenProgramTests {
    private static let secret = "hush-hush-hush-hush-hush-hush-hush"

    /// Neither keys nor tokens are logged at any level, whether they are valid or not.
    @Test func tokensAreNeverLogged() async throws {
        try await withTestStores { test in
            try await test.catalogue.ensure(.demo, EventTerms(name: "Demo", capacity: 100))
            let file = try ServerProcess.makeDirectory().appendingPathComponent("keys")
            let keys = "HS256:\(Self.secret),EdDSA:\(TokenSigner.ed25519PublicKey)"
            try (keys + "\n").write(to: file, atomically: true, encoding: .utf8)
            let port = try freePort()
            let api = try Run(
                "API", ["--port", String(port)],
                test.environment.merging([
                    "CUSTOMER_TOKENS_KEY_FILE": file.path, "CUSTOMER_TOKENS_AUDIENCE": "tickets", "LOG_LEVEL": "trace",
                ]) { $1 })
            let client = HTTPClient(port: port)
            try await client.waitUntilReady { api.output }
            let audience = #","aud":["x","tickets"]"#
            let tokens = [
                (TokenSigner.secret(Self.secret).token("ann", claims: audience), 202),
                (TokenSigner.ed25519.token("ann", claims: audience), 202),
                (TokenSigner.secret(Self.secret).token("ann"), 401), (TokenSigner.secret("x").token("ann"), 401),
            ]
            for (token, status) in tokens {
                for body in ["{}", #"{"quantity":1.0}"#] {
                    let headers = ["Authorization": "Bearer \(token)", "X-Request-Id": "r-\(status)"]
                    #expect(try await client.send("POST", "/buy", body, headers: headers).status == status)
                    // A form for the router.
                    #expect(try await client.send("POST", "/buy?x=1", body, headers: headers).status == status)
                }
            }
            api.signal(SIGTERM)
            #expect(try await api.exitCode() == 0)
            #expect(!api.output.contains("hush-hush"))
            for (token, _) in tokens {
                #expect(!api.output.contains(token))
                for part in token.split(separator: ".").dropFirst() { #expect(!api.output.contains(part)) }
            }
        }
    }
}
