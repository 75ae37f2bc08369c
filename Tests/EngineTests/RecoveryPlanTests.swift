import Testing

@testable import Engine
@testable import Ledger

@Suite struct RecoveryPlanTests {
    private func plan(
        _ known: (epoch: Int, server: String)?, of knownReplication: String = "r", seen: Int, server: String,
        replication: String = "r", epoch: String?, leased: Int, resumedFrom: String? = nil
    ) -> RecoveryPlan {
        RecoveryPlan(
            known: known.map {
                PartitionEpoch(epoch: $0.epoch, server: $0.server, replication: knownReplication)
            }, seen: seen,
            found: RecoveryPlan.Found(
                server: server, replication: replication, epoch: epoch, leasesBegun: leased, resumedFrom: resumedFrom))
    }

    /// A primary that another one replaced, and that was promoted again: the same process, with the data of the other.
    @Test func theKnownServerWithOtherDataIsResumed() {
        #expect(plan((3, "a"), seen: 7, server: "a", replication: "s", epoch: "3", leased: 7) == .resume)
        #expect(plan((3, "a"), seen: 8, server: "a", replication: "s", epoch: "3", leased: 7) == .rebuild)
    }

    /// An earlier release began the epoch.
    @Test func anEpochWithoutAReplicationIsResumed() {
        #expect(plan((3, "a"), of: "", seen: 7, server: "a", epoch: "3", leased: 7) == .resume)
    }

    @Test func onlyTheKnownServerInTheKnownEpochNeedsNoRecovery() {
        #expect(plan((3, "a"), seen: 7, server: "a", epoch: "3", leased: 7) == .upToDate)
        #expect(plan((3, "a"), seen: 7, server: "a", epoch: "3", leased: 9) == .upToDate)
        #expect(plan((3, "a"), seen: 7, server: "b", epoch: "3", leased: 7) == .resume)
    }

    @Test func aRedisThatLostDataIsRebuilt() {
        #expect(
            plan(nil, seen: 0, server: "a", epoch: nil, leased: 0) == .rebuild, "the partition is not in the ledger")
        #expect(plan((3, "a"), seen: 0, server: "a", epoch: nil, leased: 0) == .rebuild, "Redis was emptied")
        #expect(plan((3, "a"), seen: 0, server: "a", epoch: "2", leased: 0) == .rebuild, "older than the last recovery")
        #expect(
            plan((3, "a"), seen: 0, server: "a", epoch: "4", leased: 0) == .rebuild, "later than the ledger's epoch")
        #expect(plan((3, "a"), seen: 8, server: "b", epoch: "3", leased: 7) == .rebuild, "older than the ledger")
        #expect(
            plan((3, "a"), seen: 0, server: "a", epoch: "sealed:x", leased: 0) == .rebuild, "a recovery was interrupted"
        )
    }

    /// The process that resumed the partition died. No data is lost.
    @Test func anInterruptedResumeIsContinued() {
        func plan(_ known: (epoch: Int, server: String), server: String, from: String, leased: Int = 7) -> RecoveryPlan
        {
            self.plan(known, seen: 7, server: server, epoch: "sealed:x", leased: leased, resumedFrom: from)
        }
        #expect(plan((3, "a"), server: "b", from: "3") == .resume, "before the ledger began the new epoch")
        #expect(plan((4, "b"), server: "b", from: "3") == .resume, "after the ledger began the new epoch")
        #expect(plan((4, "a"), server: "b", from: "3") == .rebuild, "the new epoch belongs to another server")
        #expect(plan((5, "b"), server: "b", from: "3") == .rebuild, "another recovery has begun since")
        #expect(plan((3, "a"), server: "b", from: "3", leased: 6) == .rebuild, "older than the ledger")
    }
}
