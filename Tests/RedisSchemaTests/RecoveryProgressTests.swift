import Testing

@testable import RedisClient
@testable import RedisSchema
@testable import Timing

@Suite struct RecoveryProgressTests {
    private func state(_ values: [RESPValue]) throws -> PartitionState { try PartitionState(.array(values)) }
    private func text(_ text: String) -> RESPValue { .bulkString(Array(text.utf8)) }

    @Test func theStateOfAPartitionIsDecoded() throws {
        let found = try state([
            text("sealed:t"), .integer(7), text("wipe"), text(""), .integer(1500), text("3"), .integer(0), .integer(0),
            .integer(40), .integer(100), .integer(2000), .integer(1),
        ])
        #expect(found.epoch == "sealed:t")
        #expect(found.leasesBegun == 7)
        #expect(found.seal == PartitionState.Seal(phase: .wipe, from: "", leaseLeft: .milliseconds(1500)))
        #expect(
            found.backfill
                == PartitionState.Backfill(epoch: "3", done: 40, total: 100, age: .seconds(2), requestedBackfills: 1))
        #expect(RecoveryProgress(found, isOpen: false).phase == .draining)
        #expect(RecoveryProgress(found, isOpen: true).phase == .backfilling)
    }

    @Test func aReplyOfAnotherFormIsRefused() {
        #expect(throws: RedisError.self) { try state([text("3")]) }
    }

    @Test func theRemainingTimeFollowsFromTheRateSoFar() {
        let half = RecoveryProgress(.backfilling, done: 100_000, total: 200_000, elapsed: .seconds(10))
        #expect(half.remainingSeconds == 10)
        #expect(half.seconds(for: 1) == 1, "at least 1 s")
        #expect(half.seconds(for: 10_000_000) == 60, "at most 60 s")
        #expect(RecoveryProgress(.backfilling, done: 0, total: 300_000).remainingSeconds == 3, "before a rate is known")
        #expect(RecoveryProgress(.complete, done: 5, total: 5).remainingSeconds == 0)
    }
}
