import Domain
import TestSupport
import Testing
import WorkerTestSupport

@testable import API

/// Refusals that the API repeats without Redis.
@Suite(.bothWays, .timeLimit(.minutes(10))) struct SoldOutTests {
    @Test func ticketsThatReturnAreForSaleAgain() async throws {
        try await withTestStores { test in
            try await test.withWorkers {
                try await test.withAPI { api in
                    let admin = ["Authorization": "Bearer secret"]
                    _ = try await api.send("PUT", "/events/x", #"{"capacity":1}"#, headers: admin)
                    let sold = try await api.send("POST", "/buy", #"{"event":"x"}"#)
                    let id = try #require(sold.text("ticket_id"))
                    for _ in 0..<20 { #expect(try await api.send("POST", "/buy", #"{"event":"x"}"#).status == 410) }
                    _ = try await api.send("GET", "/orders/\(id)?wait=20")
                    #expect(try await api.send("POST", "/orders/\(id)/cancel").status == 200)
                    try await eventually("the ticket is sold again") {
                        try await api.send("POST", "/buy", #"{"event":"x"}"#).status == 202
                    }
                }
            }
        }
    }

    @Test func aRepeatedKeyIsReplayedWhileTheEventIsSoldOut() async throws {
        try await withTestStores { test in
            try await test.withAPI { api in
                let admin = ["Authorization": "Bearer secret"]
                _ = try await api.send("PUT", "/events/x", #"{"capacity":1}"#, headers: admin)
                let first = try await api.send("POST", "/buy", #"{"event":"x"}"#, headers: ["Idempotency-Key": "k"])
                for _ in 0..<20 { #expect(try await api.send("POST", "/buy", #"{"event":"x"}"#).status == 410) }
                let replay = try await api.send("POST", "/buy", #"{"event":"x"}"#, headers: ["Idempotency-Key": "k"])
                #expect(replay.status == 202)
                #expect(replay.text("ticket_id") == first.text("ticket_id"))
            }
        }
    }
}
