import RedisClient
import TestSupport
import Testing
import WorkerTestSupport

@testable import API
@testable import Domain
@testable import Engine
@testable import RedisSchema

@Suite(.timeLimit(.minutes(10))) struct RoomBookTests {
    /// Everybody would be in the lobby again until it is sorted, which takes a second for a large one.
    @Test func theRanksSurviveALossOfRedis() async throws {
        try await withTestStores { test in
            let later = Timestamp(milliseconds: Timestamp.now.milliseconds + 3_600_000)
            try await test.catalogue.ensure(
                .demo, EventTerms(name: "Demo", capacity: 100, admissionRate: 1, opensAt: later))
            let keeper = RoomKeeper(test.partition, ledger: test.ledger)
            var memory = RoomKeeper.Memory()
            while try await keeper.round(&memory) == .atOnce {}
            for _ in 0..<3 { _ = try await test.inventory.join(JoinRequest(event: .demo, name: nil)) }
            _ = try await test.catalogue.put(.demo, EventChange(opensAt: .some(Timestamp(milliseconds: 1))))
            while try await keeper.round(&memory) == .atOnce {}
            let book = RoomBook(test.inventory, ledger: test.ledger, through: test.stores.redis)
            try await eventually("the ranks are known") {
                try await book.view(of: .demo, isFresh: true)?.isDrawn == true
            }
            try await test.redis("FLUSHDB")
            #expect(try await book.view(of: .demo, isFresh: true) == nil)
            try await test.recover()
            try await test.catalogue.publish(.demo)
            #expect(try await book.view(of: .demo, isFresh: true)?.isDrawn == true)
        }
    }
}
