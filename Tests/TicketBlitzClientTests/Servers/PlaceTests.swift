import Foundation
import TestSupport
import Testing

@testable import TicketBlitzClient

/// Waiting rooms and waiting lists, against a real API.
@Suite(.timeLimit(.minutes(10))) struct PlaceTests {
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

    // MARK: Waiting rooms

    @Test func whoIsAdmittedBuysWithThePass() async throws {
        try await withRunningAPI { api, http in
            try await api.put("gala", #"{"capacity":10,"admission_rate":1000,"max_quantity":2}"#)
            let client = api.client(http)
            let without = await refusal { () async throws(SaleError) in try await client.buy("gala") }
            #expect(without?.code == .passRequired)
            let joined = try await client.joinRoom("gala", customer: "ann")
            #expect(joined.event == "gala")
            #expect(!joined.isReplayed)
            let place = try await client.roomPlace(joined.place, waitingUpTo: .seconds(120))
            #expect(place.state == .admitted)
            #expect(place.isSettled)
            #expect(try #require(place.expiresAt) > Date())
            let pass = try #require(place.pass)
            let others = await refusal { () async throws(SaleError) in
                try await client.buy("gala", customer: "bob", pass: pass)
            }
            #expect(others?.code == .passInvalid)
            let claim = try await client.buy("gala", quantity: 2, customer: "ann", pass: pass)
            #expect(claim.quantity == 2)
            let more = await refusal { () async throws(SaleError) in
                try await client.buy("gala", customer: "ann", pass: pass)
            }
            #expect(more?.code == .passUsed)
            #expect(more?.available == 0)
            #expect(try await client.event("gala").admissionRate == 1000)
        }
    }

    @Test func aPersonHasOnePlace() async throws {
        try await withRunningAPI { api, http in
            try await api.put("gala", #"{"capacity":10,"admission_rate":1,"opens_at":"2040-01-01T00:00:00Z"}"#)
            let client = api.client(http)
            let first = try await client.joinRoom("gala", customer: "ann")
            let second = try await client.joinRoom("gala", customer: "ann")
            #expect(second.place == first.place)
            #expect(second.isReplayed)
            let key = IdempotencyKey()
            let third = try await client.joinRoom("gala", key: key)
            #expect(third.place != first.place)
            #expect(try await client.joinRoom("gala", key: key).place == third.place)
            let lobby = try await client.roomPlace(first.place, waitingUpTo: .seconds(2))
            #expect(lobby.state == .lobby)
            #expect(lobby.opensAt?.timeIntervalSince1970 == 2_208_988_800)
            #expect(lobby.nextLook == .seconds(5))
        }
    }

    /// A join whose response is lost leads to the place that it has made.
    @Test func lostResponsesLeadToOnePlace() async throws {
        try await withRunningAPI { api, http in
            try await api.put("gala", #"{"capacity":10,"admission_rate":1,"opens_at":"2040-01-01T00:00:00Z"}"#)
            _ = try await api.client(http).joinRoom("gala")
            let client = api.client(attemptTimeout: .milliseconds(500), http)
            api.proxy.set(.dropReplies)
            async let place = client.joinRoom("gala")
            try await eventually("the place exists") {
                try await api.http.send("GET", "/events/gala/room").integer("places") == 2
            }
            api.proxy.set(.pass)
            let found = try await place
            #expect(found.isReplayed)
            #expect(try await api.http.send("GET", "/events/gala/room").integer("places") == 2)
        }
    }

    @Test func refusalsOfRoomsHaveTypes() async throws {
        try await withRunningAPI { api, http in
            try await api.put(
                "late",
                #"{"capacity":1,"admission_rate":1,"lobby_opens_at":"2039-01-01T00:00:00Z","opens_at":"2040-01-01T00:00:00Z"}"#
            )
            let client = api.client(http)
            let none = await refusal { () async throws(SaleError) in try await client.joinRoom("demo") }
            #expect(none?.code == .noRoom)
            let early = await refusal { () async throws(SaleError) in try await client.joinRoom("late") }
            #expect(early?.code == .roomNotOpen)
            #expect(try #require(early?.retryAfter) > .seconds(1000))
            let missing = await refusal { () async throws(SaleError) in try await client.roomPlace("late.x/y") }
            #expect(missing?.code == .placeNotFound)
        }
    }

    @Test func theProofIsPassedOn() async throws {
        try await withWebhookReceiver(answering: { request in
            request.body.contains(#""proof":"riddle""#) ? .status(204) : .status(403)
        }) { receiver in
            try await withRunningAPI(["PROOF_URL": receiver.url("/proof"), "PROOF_TIMEOUT": "10"]) { api, http in
                try await api.put("gala", #"{"capacity":10,"admission_rate":1000}"#)
                let client = api.client(http)
                #expect(try await client.joinRoom("gala", proof: "riddle").event == "gala")
                let refused = await refusal { () async throws(SaleError) in
                    try await client.joinRoom("gala", proof: "guess")
                }
                #expect(refused?.code == .proofRefused)
            }
        }
    }

    // MARK: Waiting lists

    @Test func aPlaceGetsItsOfferAndIsConfirmed() async throws {
        try await withRunningAPI { api, http in
            try await api.put("opera", #"{"capacity":2,"waitlist":true}"#)
            let client = api.client(http)
            #expect(try await client.event("opera").hasWaitlist)
            let bought = try await client.buy("opera", quantity: 2, customer: "ann")
            let key = IdempotencyKey()
            let place = try await client.joinWaitlist("opera", quantity: 2, customer: "bob", key: key)
            #expect(place.state == .waiting)
            #expect(place.position == 1)
            #expect(!place.isReplayed)
            let again = try await client.joinWaitlist("opera", quantity: 2, customer: "bob", key: key)
            #expect(again.ticket == place.ticket)
            #expect(again.isReplayed)
            #expect(try await client.joinWaitlist("opera", customer: "cho").position == 2)
            let second = await refusal { () async throws(SaleError) in
                try await client.joinWaitlist("opera", customer: "bob")
            }
            #expect(second?.code == .onWaitlist)
            #expect(second?.ticket == place.ticket)
            _ = try await client.order(bought.ticket, waitingUpTo: .seconds(60))
            try await client.cancel(bought.ticket)
            try await eventually("the place has its offer", within: 120) {
                try await client.waitlistPlace(place.ticket).state == .held
            }
            let offer = try await client.waitlistPlace(place.ticket)
            #expect(offer.position == nil)
            #expect(try #require(offer.expiresAt) > (try #require(offer.claimedAt)))
            #expect(try await client.confirm(place.ticket).state == .confirmed)
            let late = await refusal { () async throws(SaleError) in try await client.leaveWaitlist(place.ticket) }
            #expect(late?.code == .orderState)
        }
    }

    @Test func aPlaceIsGivenBack() async throws {
        try await withRunningAPI { api, http in
            try await api.put("opera", #"{"capacity":1,"waitlist":true}"#)
            let client = api.client(http)
            let early = await refusal { () async throws(SaleError) in
                try await client.joinWaitlist("opera", customer: "ann")
            }
            #expect(early?.code == .available)
            #expect(early?.available == 1)
            _ = try await client.buy("opera", customer: "ann")
            let place = try await client.joinWaitlist("opera", customer: "bob")
            #expect(try await client.leaveWaitlist(place.ticket).state == .cancelled)
            #expect(try await client.leaveWaitlist(place.ticket).state == .cancelled)
            #expect(try await client.waitlistPlace(place.ticket).state == .cancelled)
            let none = await refusal { () async throws(SaleError) in
                try await client.joinWaitlist("demo", customer: "ann")
            }
            #expect(none?.code == .noWaitlist)
        }
    }

    /// A response that is lost, to a request that takes a place and one that gives it back.
    @Test func lostResponsesLeadToOnePlaceOnTheList() async throws {
        try await withRunningAPI { api, http in
            try await api.put("opera", #"{"capacity":1,"waitlist":true}"#)
            _ = try await api.client(http).buy("opera", customer: "ann")
            let client = api.client(attemptTimeout: .milliseconds(500), http)
            api.proxy.set(.dropReplies)
            async let joining = client.joinWaitlist("opera", customer: "bob")
            try await eventually("the place exists") { try await api.rows("status = 'waiting'") == "1" }
            api.proxy.set(.pass)
            let place = try await joining
            #expect(place.isReplayed)
            api.proxy.set(.dropReplies)
            async let leaving = client.leaveWaitlist(place.ticket)
            try await eventually("the place is gone") { try await api.rows("status = 'cancelled'") == "1" }
            api.proxy.set(.pass)
            #expect(try await leaving.state == .cancelled)
            #expect(try await api.rows() == "2")
        }
    }
}
