import AsyncHTTPClient
import Foundation
import TestSupport
import Testing

@testable import TicketBlitzClient

/// The client against a real API, also behind a network that fails.
@Suite(.timeLimit(.minutes(10))) struct SaleClientTests {
    private func refusal(_ call: () async throws(SaleError) -> some Any) async -> Problem? {
        do {
            _ = try await call()
            return nil
        } catch {
            if case .refused(let problem) = error { return problem }
            Issue.record("\(error)")
            return nil
        }
    }

    @Test func aPurchaseIsWaitedFor() async throws {
        try await withRunningAPI { api, http in
            let client = api.client(http)
            let claim = try await client.buy(quantity: 2, customer: "ann")
            #expect(claim.event == "demo")
            #expect(claim.state == .pending)
            #expect(!claim.isReplayed)
            let order = try await client.order(claim.ticket, waitingUpTo: .seconds(60))
            #expect(order.state == .confirmed)
            #expect(order.isPersisted == true)
            #expect(order.quantity == 2)
            #expect(try #require(order.confirmedAt) >= order.claimedAt)
        }
    }

    @Test func oneKeyIsOneOrder() async throws {
        try await withRunningAPI { api, http in
            let client = api.client(http)
            let key = IdempotencyKey()
            let first = try await client.buy(key: key)
            let second = try await client.buy(key: key)
            #expect(first.ticket == second.ticket)
            #expect(second.isReplayed)
            let reused = await refusal { () async throws(SaleError) in try await client.buy(quantity: 2, key: key) }
            #expect(reused?.code == .idempotencyKeyReused)
        }
    }

    @Test func holdsAreConfirmedAndCancelled() async throws {
        try await withRunningAPI { api, http in
            try await api.put("gala", #"{"capacity":2,"hold_seconds":600,"max_quantity":1}"#)
            let client = api.client(http)
            let first = try await client.buy("gala")
            let second = try await client.buy("gala")
            #expect(first.state == .held)
            #expect(try #require(first.expiresAt) > Date())
            let third = await refusal { () async throws(SaleError) in try await client.buy("gala") }
            #expect(third?.code == .allHeld)
            #expect(try #require(third?.retryAfter) > .seconds(1))
            #expect(try await client.confirm(first.ticket).state == .confirmed)
            #expect(try await client.confirm(first.ticket).state == .confirmed)
            #expect(try await client.cancel(second.ticket).state == .cancelled)
            let late = await refusal { () async throws(SaleError) in try await client.confirm(second.ticket) }
            #expect(late?.code == .orderState)
            #expect(late?.state == "cancelled")
            #expect(try await client.order(second.ticket, waitingUpTo: .seconds(60)).state == .cancelled)
        }
    }

    @Test func anExpiredHoldIsNotConfirmed() async throws {
        try await withRunningAPI { api, http in
            try await api.put("gala", #"{"capacity":1,"hold_seconds":1}"#)
            let client = api.client(http)
            let claim = try await client.buy("gala")
            try await eventually("the hold expires") { try await client.order(claim.ticket).state == .expired }
            let late = await refusal { () async throws(SaleError) in try await client.confirm(claim.ticket) }
            #expect(late?.code == .holdExpired)
        }
    }

    @Test func eventsAreRead() async throws {
        try await withRunningAPI { api, http in
            for id in ["a", "b", "c"] {
                try await api.put(
                    id,
                    #"{"capacity":7,"hold_seconds":30,"per_customer_limit":3,"opens_at":"2030-01-02T03:04:05.678Z"}"#)
            }
            let client = api.client(http)
            let event = try await client.event("a")
            #expect(event.capacity == 7)
            #expect(event.status == .scheduled)
            #expect(event.hold == .seconds(30))
            #expect(event.perCustomerLimit == 3)
            #expect(event.opensAt?.timeIntervalSince1970 == 1_893_553_445.678)
            #expect(try await client.events(count: 2).map(\.id) == ["a", "b"])
            #expect(try await client.events(after: "b").map(\.id).prefix(2) == ["c", "demo"])
            let missing = await refusal { () async throws(SaleError) in try await client.event("no such event") }
            #expect(missing?.code == .invalidRequest || missing?.code == .eventNotFound)
            let unknown = await refusal { () async throws(SaleError) in
                try await client.order("01a20a5f-1718-7000-9ad4-aa148703a264")
            }
            #expect(unknown?.code == .orderNotFound)
        }
    }

    /// What reaches the API is answered, and the answers are lost until the network is repaired.
    @Test func lostResponsesLeadToOneOrder() async throws {
        try await withRunningAPI { api, http in
            let client = api.client(attemptTimeout: .milliseconds(500), http)
            api.proxy.set(.dropReplies)
            async let claim = client.buy(customer: "ann")
            try await eventually("the order exists") { try await api.rows() == "1" }
            api.proxy.set(.pass)
            let found = try await claim
            #expect(found.isReplayed)
            #expect(try await client.order(found.ticket, waitingUpTo: .seconds(60)).state == .confirmed)
            #expect(try await api.rows() == "1")
        }
    }

    @Test func refusedConnectionsChangeNothing() async throws {
        try await withRunningAPI { api, http in
            let closed = SaleClient(url: "http://127.0.0.1:\(try freePort())", http: http)
            let key = IdempotencyKey()
            let start = ContinuousClock.now
            do throws(SaleError) {
                _ = try await closed.buy(key: key, within: .seconds(1))
                Issue.record("a purchase without an API")
            } catch {
                guard case .unavailable(let failure) = error else {
                    Issue.record("\(error)")
                    return
                }
                #expect(failure.cause == .attempt(.noConnection))
                #expect(failure.attempts > 1)
            }
            #expect(ContinuousClock.now - start < .seconds(10))
        }
    }

    /// The time of an attempt includes the body of its response.
    @Test func aResponseWithoutAnEndIsATimeout() async throws {
        try await withRunningAPI { _, http in
            try await withWebhookReceiver(answering: { _ in .unending(202) }) { receiver in
                let client = SaleClient(url: "http://127.0.0.1:\(receiver.port)", http: http)
                await #expect(throws: AttemptFailure.timeout) {
                    try await client.attempt(.buy(key: IdempotencyKey()), timeout: .milliseconds(500))
                }
            }
        }
    }

    /// Rate limits are waited for.
    @Test func aRateLimitIsWaitedFor() async throws {
        try await withRunningAPI(["RATE_LIMIT": "5"]) { api, http in
            let client = api.client(http)
            let claims = try await withThrowingTaskGroup(of: Claim.self) { group in
                for _ in 0..<12 { group.addTask { try await client.buy() } }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(Set(claims.map(\.ticket)).count == 12)
        }
    }

    @Test func aCancelledTaskEndsItsCall() async throws {
        try await withRunningAPI { api, http in
            let client = api.client(timeout: .seconds(600), attemptTimeout: .seconds(600), http)
            api.proxy.set(.dropReplies)
            let key = IdempotencyKey()
            let call = Task { () -> SaleError? in
                do throws(SaleError) {
                    _ = try await client.buy(key: key)
                    return nil
                } catch {
                    return error
                }
            }
            try await eventually("the order exists") { try await api.rows() == "1" }
            call.cancel()
            let failure = SaleError.Failure(cause: .attempt(.cancelled), attempts: 1, key: key)
            #expect(await call.value == .outcomeUnknown(failure))
        }
    }

    @Test func aCustomerIsTheSubjectOfTheToken() async throws {
        let secret = "a secret of forty characters for one test"
        try await withRunningAPI(["CUSTOMER_TOKENS_KEY": "HS256:\(secret)"]) { api, http in
            let token = TokenSigner.secret(secret).token("ann")
            let claim = try await api.client(token: token, http).buy(customer: "ann")
            _ = try await api.client(http).order(claim.ticket, waitingUpTo: .seconds(60))
            #expect(try await api.rows("customer = 'ann'") == "1")
            let forged = await refusal { () async throws(SaleError) in
                try await api.client(token: "x.y.z", http).buy(customer: "ann")
            }
            #expect(forged?.code == .unauthorized)
        }
    }
}
