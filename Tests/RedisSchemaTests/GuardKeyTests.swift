import NIOCore
import Testing

@testable import RedisClient
@testable import RedisSchema

/// The key that no script uses and every script declares.
struct GuardKeyTests {
    private static let scripts: [any PartitionScript] = [
        ClaimScript.sample, TransitionScript.sample, TakeScript.sample, ExpiredScript.sample, ReclaimScript.sample,
        RenewScript.sample, AcknowledgeScript.sample, RequeueScript.sample, NoteWorkerScript.sample,
        DeleteRecordsScript.sample, PublishScript.sample, LowerCapacityScript.sample, CloseEventScript.sample,
        DiscardHoldsScript.sample, RemoveEventScript.sample, SurveyScript.sample, SurveySliceScript.sample,
        AdjustCountsScript.sample, VerifyScript.sample, RepairScript.sample, InspectScript.sample, SealScript.sample,
        WipeScript.sample, OpenScript.sample, ExtendScript.sample, HoldBackfillScript.sample, BackfillScript.sample,
        EndBackfillScript.sample, WaitScript.sample, OfferScript.sample, PlaceScript.sample, JoinScript.sample,
        AdmitScript.sample,
    ]

    private func words(_ script: some PartitionScript) -> [String] {
        var buffer = ByteBuffer()
        script.call(in: Keyspace(partition: 3), epoch: "7").command(digest: "d").encode(into: &buffer)
        // The number of words, then for each a line with its length and a line with its bytes.
        let lines = String(buffer: buffer).split(separator: "\r\n", omittingEmptySubsequences: false)
        return stride(from: 2, to: lines.count, by: 2).map { String(lines[$0]) }
    }

    @Test(arguments: scripts.indices) func everyScriptDeclaresIt(index: Int) throws {
        let words = words(Self.scripts[index])
        let count = try #require(Int(words[2]))
        #expect(words[3..<(3 + count)].suffix(2) == ["tb:{3}:guard", "tb:{3}:epoch"])
    }

    @Test func noScriptIsForgotten() {
        #expect(Set(Self.scripts.map { type(of: $0).lua.script }) == Set(Scripts.all))
    }
}
