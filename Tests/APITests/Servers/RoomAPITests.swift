import Environment
import Foundation
import TestSupport
import Testing
import WorkerTestSupport

@testable import API
@testable import Domain
@testable import Engine

/// Waiting rooms over HTTP, with a worker that admits people.
@Suite(.bothWays, .timeLimit(.minutes(10))) struct RoomAPITests {
    private static let token = ["Authorization": "Bearer secret"]

    private func withRoom(
        _ terms: String = #""admission_rate":1000"#, tokens: CustomerTokens? = nil,
        _ body: @escaping @Sendable (TestStores, HTTPClient) async throws -> Void
    ) async throws {
        try await withTestStores { test in
            try await test.withAPI(change: { $0.customerTokens = tokens }) { api in
                try await test.withWorkers {
                    let put = try await api.send(
                        "PUT", "/events/e", #"{"capacity":100,\#(terms)}"#, headers: Self.token)
                    #expect(put.status == 201)
                    try await body(test, api)
                }
            }
        }
    }

    /// Joins, again while the room is not ready.
    private func join(
        _ api: HTTPClient, _ body: String = "", key: String? = nil, token: String? = nil
    ) async throws -> HTTPClient.Response {
        var headers: [String: String] = [:]
        headers["Idempotency-Key"] = key
        headers["Authorization"] = token.map { "Bearer \($0)" }
        let deadline = ContinuousClock.now + .seconds(120)
        while true {
            let response = try await api.send("POST", "/events/e/room", body, headers: headers)
            guard response.text("code") == "room-busy", ContinuousClock.now < deadline else { return response }
            try await Task.sleep(for: .milliseconds(50))
        }
    }

    private func waitUntilAdmitted(_ api: HTTPClient, _ place: HTTPClient.Response) async throws -> String {
        let url = try #require(place.text("status_url"))
        try await eventually("the place is admitted", within: 120) {
            try await api.send("GET", url).text("state") == "admitted"
        }
        return try #require(try await api.send("GET", url).text("pass"))
    }

    private func buy(
        _ api: HTTPClient, pass: String? = nil, _ more: String = ""
    ) async throws -> HTTPClient.Response {
        try await api.send(
            "POST", "/buy", #"{"event":"e"\#(more)}"#, headers: pass.map { ["Admission-Pass": $0] } ?? [:])
    }

    @Test func whoIsAdmittedBuys() async throws {
        try await withRoom { test, api in
            let refused = try await buy(api)
            #expect(refused.status == 403)
            #expect(refused.text("code") == "pass-required")
            let place = try await join(api)
            #expect(place.status == 201)
            #expect(place.headers["cache-control"] == "no-store")
            let pass = try await waitUntilAdmitted(api, place)
            #expect(try await buy(api, pass: pass).status == 202)
            #expect(try await buy(api, pass: "x").text("code") == "pass-invalid")
            let more = try await buy(api, pass: pass, #","quantity":10"#)
            #expect(more.status == 409)
            #expect(more.text("code") == "pass-used")
            #expect(more.integer("available") == 9)
            let room = try await api.send("GET", "/events/e/room")
            #expect(room.integer("places") == 1)
            #expect(room.integer("waiting") == 0)
        }
    }

    @Test func aPassIsForItsCustomer() async throws {
        try await withRoom(#""admission_rate":1000,"per_customer_limit":2"#) { _, api in
            let nobody = try await join(api)
            #expect(nobody.status == 400)
            #expect(nobody.text("field") == "customer")
            let place = try await join(api, #"{"customer":"ann"}"#)
            let again = try await join(api, #"{"customer":"ann"}"#)
            #expect(again.text("place") == place.text("place"))
            #expect(again.headers["idempotent-replayed"] == "true")
            #expect(try await join(api, #"{"customer":"bob"}"#).text("place") != place.text("place"))
            let pass = try await waitUntilAdmitted(api, place)
            #expect(try await buy(api, pass: pass, #","customer":"bob""#).text("code") == "pass-invalid")
            #expect(try await buy(api, pass: pass, #","customer":"ann""#).status == 202)
        }
    }

    @Test func theCustomerIsTheTokens() async throws {
        let secret = "0123456789abcdef0123456789abcdef"
        let tokens = CustomerTokens(keys: try TokenKeys("HS256:\(secret)"), audience: nil)
        try await withRoom(tokens: tokens) { _, api in
            #expect(try await join(api, #"{"customer":"ann"}"#).text("field") == "customer")
            let (ann, bob) = (TokenSigner.secret(secret).token("ann"), TokenSigner.secret(secret).token("bob"))
            let place = try await join(api, token: ann)
            #expect(try await join(api, token: ann).text("place") == place.text("place"))
            #expect(try await join(api, token: bob).text("place") != place.text("place"))
            let pass = try await waitUntilAdmitted(api, place)
            let stolen = try await api.send(
                "POST", "/buy", #"{"event":"e"}"#,
                headers: ["Admission-Pass": pass, "Authorization": "Bearer \(bob)"])
            #expect(stolen.text("code") == "pass-invalid")
            let bought = try await api.send(
                "POST", "/buy", #"{"event":"e"}"#,
                headers: ["Admission-Pass": pass, "Authorization": "Bearer \(ann)"])
            #expect(bought.status == 202)
        }
    }

    @Test func aKeyHasOnePlace() async throws {
        try await withRoom { _, api in
            let place = try await join(api, key: "k")
            #expect(try await join(api, key: "k").text("place") == place.text("place"))
            #expect(try await join(api, key: "l").text("place") != place.text("place"))
            #expect(try await join(api).text("place") != place.text("place"))
        }
    }

    @Test func theLobbyIsDrawnAndTheDrawCanBeChecked() async throws {
        let opens = "2099-01-01T00:00:00Z"
        try await withRoom(#""admission_rate":1,"opens_at":"\#(opens)""#) { _, api in
            var places: [String] = []
            for _ in 0..<5 {
                let place = try await join(api)
                #expect(place.text("state") == "lobby")
                #expect(place.headers["retry-after"] != nil, "when it is worth asking again")
                #expect(place.text("opens_at")?.hasPrefix("2099") == true)
                places.append(try #require(place.text("status_url")))
            }
            let before = try await api.send("GET", "/events/e/room")
            #expect(before.text("state") == "lobby")
            #expect(before.text("reason") == "not_open")
            #expect(before.json["draw"] == nil, "the secret is not shown")
            let change = #"{"opens_at":"2020-01-01T00:00:00Z","paused":true}"#
            #expect(try await api.send("PUT", "/events/e", change, headers: Self.token).status == 200)
            let first = places[0]
            try await eventually("the lobby is drawn", within: 120) {
                try await api.send("GET", first).text("state") == "waiting"
            }
            var ahead: [Int] = []
            for place in places {
                let response = try await api.send("GET", place)
                ahead.append(try #require(response.integer("ahead")))
                #expect(response.text("reason") == "paused")
                #expect(response.integer("estimate_s") == nil)
            }
            let after = try await api.send("GET", "/events/e/room")
            #expect(after.text("commitment") == before.text("commitment"))
            let draw = try #require(after.json["draw"] as? [String: Any])
            let text = try #require(draw["secret"] as? String)
            let secret = try #require(
                InstallationSecret(hexadecimal: text, keyedFrom: Timestamp(milliseconds: 0)))
            let seed = RoomLottery.seed(
                secret: secret.bytes, event: try #require(EventID("e")), generation: 1, lobby: 5)
            #expect(ahead == RoomLottery.ranks(lobby: 5, seed: seed).map { Int($0) - 1 })
        }
    }

    @Test func refusalsSayWhy() async throws {
        let early = #""admission_rate":1,"opens_at":"2099-01-01T00:00:00Z","lobby_opens_at":"2098-01-01T00:00:00Z""#
        try await withRoom(early) { _, api in
            let closed = try await join(api)
            #expect(closed.status == 409)
            #expect(closed.text("code") == "room-not-open")
            #expect(closed.text("opens_at")?.hasPrefix("2098") == true)
            #expect(closed.headers["retry-after"] != nil)
            #expect(try await api.send("POST", "/events/nothing/room").text("code") == "event-not-found")
            #expect(try await api.send("GET", "/events/nothing/room").text("code") == "event-not-found")
            #expect(try await api.send("GET", "/events/demo/room").text("code") == "no-room")
            #expect(try await api.send("POST", "/events/demo/room").text("code") == "no-room")
            #expect(try await api.send("GET", "/room/e.x").text("code") == "place-not-found")
            #expect(try await api.send("POST", "/events/e/room", #"{"name":1}"#).status == 400)
            let lobby = try await api.send(
                "PUT", "/events/e", #"{"lobby_opens_at":"2099-01-02T00:00:00Z"}"#, headers: Self.token)
            #expect(lobby.text("field") == "lobby_opens_at")
        }
    }

    /// A person whose pass has ended gets a new place at the end.
    @Test func anExpiredPlaceIsGivenUpForANewOne() async throws {
        try await withRoom(#""admission_rate":1000,"pass_seconds":10"#) { _, api in
            let place = try await join(api, #"{"customer":"ann"}"#)
            let pass = try await waitUntilAdmitted(api, place)
            let url = try #require(place.text("status_url"))
            try await eventually("the pass has ended", within: 120) {
                try await api.send("GET", url).text("state") == "expired"
            }
            #expect(try await api.send("GET", url).headers["retry-after"] == nil, "the state does not change any more")
            #expect(try await buy(api, pass: pass, #","customer":"ann""#).text("code") == "pass-expired")
            let next = try await join(api, #"{"customer":"ann"}"#)
            #expect(next.text("place") != place.text("place"))
            #expect(try await join(api, #"{"customer":"ann"}"#).text("place") == next.text("place"))
            let again = try await waitUntilAdmitted(api, next)
            #expect(try await buy(api, pass: again, #","customer":"ann""#).status == 202)
        }
    }

    @Test func aResetEndsAllPlaces() async throws {
        try await withRoom { _, api in
            let place = try await join(api)
            #expect(try await api.send("POST", "/reset", #"{"event":"e"}"#, headers: Self.token).status == 200)
            let url = try #require(place.text("status_url"))
            try await eventually("the place is over", within: 120) {
                try await api.send("GET", url).text("state") == "over"
            }
            let next = try await join(api)
            #expect(next.text("state") != "over")
            #expect(next.text("place") != place.text("place"))
        }
    }

    @Test func aRequestWaitsUntilTheStateChanges() async throws {
        try await withRoom(#""admission_rate":1,"opens_at":"2099-01-01T00:00:00Z""#) { _, api in
            let url = try #require(try await join(api).text("status_url"))
            let start = ContinuousClock.now
            #expect(try await api.send("GET", url + "?wait=1").text("state") == "lobby")
            #expect(ContinuousClock.now - start >= .seconds(1))
            let begun = ContinuousClock.now
            async let waited = api.send("GET", url, headers: ["Prefer": "wait=30"])
            let change = #"{"opens_at":"2020-01-01T00:00:00Z"}"#
            #expect(try await api.send("PUT", "/events/e", change, headers: Self.token).status == 200)
            let response = try await waited
            #expect(response.text("state") != "lobby")
            #expect(ContinuousClock.now - begun < .seconds(29), "not after the time")
            #expect(response.headers["preference-applied"] == "wait=30")
            #expect(try await api.send("GET", url + "?wait=31").status == 400)
        }
    }

    /// The client may not have seen that it is admitted, and its pass is running out.
    @Test func aPlaceThatIsAdmittedIsAnsweredAtOnce() async throws {
        try await withRoom { _, api in
            let place = try await join(api)
            _ = try await waitUntilAdmitted(api, place)
            let url = try #require(place.text("status_url"))
            let start = ContinuousClock.now
            #expect(try await api.send("GET", url + "?wait=30").text("state") == "admitted")
            #expect(ContinuousClock.now - start < .seconds(25))
        }
    }

    @Test func aStreamHasEachState() async throws {
        try await withRoom(#""admission_rate":1,"opens_at":"2099-01-01T00:00:00Z""#) { _, api in
            let url = try #require(try await join(api).text("status_url"))
            try await api.watch("\(url)/live") { reader in
                #expect(try await reader.head().contains("text/event-stream"))
                _ = try await reader.next { $0.text("state") == "lobby" }
                let open = #"{"opens_at":"2020-01-01T00:00:00Z"}"#
                #expect(try await api.send("PUT", "/events/e", open, headers: Self.token).status == 200)
                let admitted = try await reader.next { $0.text("state") == "admitted" }
                #expect(admitted.text("pass") != nil)
                let closed = #"{"closes_at":"2021-01-01T00:00:00Z"}"#
                #expect(try await api.send("PUT", "/events/e", closed, headers: Self.token).status == 200)
                _ = try await reader.next { $0.text("state") == "over" }
                #expect(try await reader.next()?.data == nil, "the stream ends")
            }
            #expect(try await api.send("GET", "/room/e.x/live").status == 404)
        }
    }

    // MARK: PROOF_URL

    /// A room whose proofs a receiver checks. It knows the proofs `yes`, `no`, `broken`, `moved` and `unending`.
    private func withProofs(
        _ failure: ProofSettings.Failure,
        _ body: @escaping @Sendable (WebhookReceiver, HTTPClient) async throws -> Void
    ) async throws {
        let answer: WebhookReceiver.Answering = { message in
            guard message.path == "/proof" else { return .status(204) }
            return switch message.json["proof"] as? String {
            case "yes": .status(204)
            case "no": .status(403)
            case "broken": .status(500)
            case "moved": .status(307, headers: ["location": "/proof/elsewhere"])
            case "unending": .unending(200)
            default: .reset
            }
        }
        try await withWebhookReceiver(answering: answer) { receiver in
            try await withTestStores { test in
                try await test.withAPI(change: { settings in
                    settings.proof = try? ProofSettings(
                        Settings(
                            flags: [:],
                            environment: [
                                "PROOF_URL": receiver.url("/proof"), "PROOF_FAILURE": failure.rawValue,
                                "PROOF_TIMEOUT": "10",
                            ]))
                }) { api in
                    try await test.withWorkers {
                        let put = try await api.send(
                            "PUT", "/events/e", #"{"capacity":100,"admission_rate":1}"#, headers: Self.token)
                        #expect(put.status == 201)
                        try await body(receiver, api)
                    }
                }
            }
        }
    }

    private func join(_ api: HTTPClient, proof: String) async throws -> HTTPClient.Response {
        let deadline = ContinuousClock.now + .seconds(120)
        while true {
            let response = try await api.send(
                "POST", "/events/e/room", #"{"customer":"ann"}"#, headers: ["Admission-Proof": proof])
            guard response.text("code") == "room-busy", ContinuousClock.now < deadline else { return response }
            try await Task.sleep(for: .milliseconds(50))
        }
    }

    @Test func theServiceOfTheShopSaysWhoMayJoin() async throws {
        try await withProofs(.closed) { receiver, api in
            let admitted = try await join(api, proof: "yes")
            #expect(admitted.status == 201)
            let question = try #require(receiver.messages.first)
            #expect(question.path == "/proof")
            #expect(question.json["event"] as? String == "e")
            #expect(question.json["customer"] as? String == "ann")
            #expect(question.json["address"] as? String == "127.0.0.1")
            let refused = try await join(api, proof: "no")
            #expect(refused.status == 403)
            #expect(refused.text("code") == "proof-refused")
            for proof in ["broken", "reset", "moved"] {
                let unknown = try await join(api, proof: proof)
                #expect(unknown.status == 503)
                #expect(unknown.text("code") == "proof-unavailable")
            }
            #expect(receiver.messages.allSatisfy { $0.path == "/proof" }, "redirects are not followed")
        }
    }

    /// The status of an answer decides, and its body is waited for until the deadline only.
    @Test func anAnswerWithoutAnEndKeepsNobody() async throws {
        try await withProofs(.closed) { _, api in
            let admitted = try await join(api, proof: "unending")
            #expect(admitted.status == 201)
        }
    }

    @Test func aServiceThatFailsCanLetEverybodyIn() async throws {
        try await withProofs(.open) { _, api in
            for proof in ["broken", "reset"] {
                let admitted = try await join(api, proof: proof)
                #expect(admitted.status == 201)
            }
            let refused = try await join(api, proof: "no")
            #expect(refused.status == 403)
        }
    }
}
