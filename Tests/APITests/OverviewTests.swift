import Foundation
import NIOCore
import Testing

@testable import API
@testable import Domain
@testable import Engine
@testable import RedisSchema

@Suite struct OverviewTests {
    private let now = Timestamp(milliseconds: 1_795_466_379_441)

    private func overview(at now: Timestamp, _ figures: [Int64: IntervalFigures]) -> Overview {
        Overview(
            at: now, queue: QueueStatus(), recovery: [RecoveryProgress(.complete), RecoveryProgress(.comparing)],
            figures: figures)
    }

    private func figures(_ accepted: Int, refused: [String: Int] = [:]) -> IntervalFigures {
        var figures = IntervalFigures()
        figures.accepted = accepted
        figures.refused = refused
        return figures
    }

    private func json(_ document: ByteBuffer) throws -> [String: Any] {
        try #require(try JSONSerialization.jsonObject(with: Data(document.readableBytesView)) as? [String: Any])
    }

    @Test func ratesAreOfTheLastCompleteInterval() throws {
        let last = Overview.last(at: now)
        let view = overview(
            at: now, [last: figures(62, refused: ["sold-out": 16]), last - 1: figures(1), last + 1: figures(500)])
        let object = try json(view.document())
        #expect(object["at"] as? String == "2026-11-23T20:39:39.441Z")
        #expect(object["interval_s"] as? Int == 5)
        let purchases = try #require(object["purchases"] as? [String: Any])
        #expect(purchases["accepted_per_s"] as? Double == 12.4)
        #expect(purchases["refused_per_s"] as? [String: Double] == ["sold-out": 3.2])
        #expect(purchases["failed_per_s"] as? Double == 0)
        let partitions = try #require(object["partitions"] as? [[String: Any]])
        #expect(partitions.map { $0["phase"] as? String } == ["complete", "comparing"])
        #expect((object["recovery"] as? [String: Any])?["phase"] as? String == "comparing")
        let samples = try #require(object["samples"] as? [[String: Any]])
        #expect(samples.map { $0["accepted"] as? Int } == [1, 62], "an interval that is not complete is not shown")
    }

    @Test func anIntervalIsCompleteASecondAfterItsEnd() {
        let end: Int64 = 359_093_276 * 5000
        let number: Int64 = 359_093_275
        #expect(Overview.last(at: Timestamp(milliseconds: end + 999)) == number - 1)
        #expect(Overview.last(at: Timestamp(milliseconds: end + 1000)) == number)
        #expect(Overview.listed(at: Timestamp(milliseconds: end + 1000)) == number - 119...number)
    }

    @Test func intervalsWithoutAnythingAreLeftOut() throws {
        let last = Overview.last(at: now)
        var waiting = IntervalFigures()
        waiting.depth = 4
        let all = [
            last: figures(1), last - 1: IntervalFigures(), last - 2: waiting, last - 119: figures(2),
            last - 120: figures(3),
        ]
        let samples = try #require(try json(overview(at: now, all).document())["samples"] as? [[String: Any]])
        #expect(samples.map { $0["accepted"] as? Int } == [2, 0, 1])
        #expect(samples.map { $0["depth"] as? Int } == [nil, 4, nil])
        let times = samples.compactMap { $0["at"] as? String }
        #expect(times == times.sorted())
        let newest = try json(overview(at: now, all).document(newest: 2))
        #expect((newest["samples"] as? [[String: Any]])?.count == 2)
    }

    @Test func aPurchaseCountsByItsResponse() {
        var tally = PurchaseTally()
        var replayed = APIResponse(.accepted, ByteBuffer())
        replayed.isReplay = true
        tally.note(APIResponse(.accepted, ByteBuffer()))
        tally.note(replayed)
        tally.note(APIResponse(Problem(Refusal.soldOut, event: .demo)))
        tally.note(APIResponse(Problem(Refusal.soldOut, event: .demo)))
        tally.note(APIResponse(Problem.storeUnavailable))
        tally.note(APIResponse(Problem.invalid("quantity", "")))
        var all = PurchaseTally()
        all.add(tally)
        all.add(tally)
        let figures = IntervalFigures(all)
        #expect(figures.accepted == 2)
        #expect(figures.replayed == 2)
        #expect(figures.refused == ["sold-out": 4, "invalid-request": 2])
        #expect(figures.failed == 2)
    }
}
