import Foundation
import TestSupport
import Testing
import TicketBlitzClient

/// The examples of TicketBlitzClient.docc; DocumentationTests compares them with this file.
@Suite(.timeLimit(.minutes(10))) struct ExampleTests {
    @Test func aHoldIsConfirmed() async throws {
        try await withRunningAPI { api, _ in
            try await api.put("gala", #"{"capacity":10,"hold_seconds":120,"per_customer_limit":4}"#)
            let url = api.url
            func pay(_ claim: Claim) async throws {}
            let client = SaleClient(url: url)
            let claim = try await client.buy("gala", quantity: 2, customer: "ann")
            do {
                try await pay(claim)
            } catch {
                try await client.cancel(claim.ticket)
                throw error
            }
            try await client.confirm(claim.ticket)
            let order = try await client.order(claim.ticket, waitingUpTo: .seconds(20))
            #expect(order.state == .confirmed)
            #expect(order.isPersisted == true)
            #expect(try await api.rows("status = 'confirmed' AND quantity = 2 AND customer = 'ann'") == "1")
        }
    }

    @Test func aRefusalSaysWhy() async throws {
        try await withRunningAPI { api, _ in
            try await api.put("gala", #"{"capacity":1}"#)
            let client = SaleClient(url: api.url)
            _ = try await client.buy("gala")
            func buy() async throws(SaleError) -> String {
                do {
                    return try await client.buy("gala").ticket
                } catch .refused(let problem) where problem.code == .soldOut {
                    return "sold out"
                } catch .refused(let problem) where problem.code == .allHeld {
                    return "try again in \(problem.retryAfter ?? .seconds(5))"
                }
            }
            #expect(try await buy() == "sold out")
        }
    }

    @Test func whoIsAdmittedBuys() async throws {
        try await withRunningAPI { api, _ in
            try await api.put("gala", #"{"capacity":10,"admission_rate":1000}"#)
            let client = SaleClient(url: api.url)
            func buy() async throws(SaleError) -> Claim? {
                let joined = try await client.joinRoom("gala", customer: "ann")
                let place = try await client.roomPlace(joined.place, waitingUpTo: .seconds(600))
                if place.state == .admitted {
                    return try await client.buy("gala", quantity: 2, customer: "ann", pass: place.pass)
                }
                return nil
            }
            #expect(try await buy()?.quantity == 2)
        }
    }

    @Test func whoComesTooLateWaits() async throws {
        try await withRunningAPI { api, _ in
            try await api.put("opera", #"{"capacity":1,"waitlist":true}"#)
            let client = SaleClient(url: api.url)
            _ = try await client.buy("opera", customer: "bob")
            func buy() async throws(SaleError) -> String {
                do {
                    return try await client.buy("opera", customer: "ann").ticket
                } catch .refused(let problem) where [.soldOut, .allHeld, .insufficientStock].contains(problem.code) {
                    return try await client.joinWaitlist("opera", customer: "ann").ticket
                }
            }
            let ticket = try await buy()
            #expect(try await client.waitlistPlace(ticket).position == 1)
        }
    }

    @Test func aPurchaseIsSettledLater() async throws {
        try await withRunningAPI { api, http in
            let client = api.client(timeout: .milliseconds(500), attemptTimeout: .milliseconds(200), http)
            let key = IdempotencyKey()
            api.proxy.set(.dropReplies)
            func save(_ key: IdempotencyKey) {}
            func buy() async throws(SaleError) -> Claim? {
                save(key)
                do {
                    return try await client.buy("demo", key: key)
                } catch .outcomeUnknown {
                    return nil  // Buy again with the same key, now or when the program runs again.
                }
            }
            #expect(try await buy() == nil)
            api.proxy.set(.pass)
            let claim = try await client.buy("demo", key: key, within: .seconds(60))
            #expect(try await client.order(claim.ticket, waitingUpTo: .seconds(60)).state == .confirmed)
            #expect(try await api.rows() == "1")
        }
    }
}
