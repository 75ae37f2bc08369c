import NIOCore
import Testing

@testable import RedisClient

struct ClusterStateTests {
    private let a = address("a")
    private let b = address("b")
    private let c = address("c")

    private static func address(_ host: String) -> RedisURL.Address { .tcp(host: host, port: 7000) }

    private func interval(_ state: ClusterState, since time: NIODeadline, jitter: Double = 1) -> TimeAmount? {
        state.nextLook(jitter: jitter).map { $0 - time }
    }

    @Test func theMapIsRequestedAtOnceAndThenEveryTenSeconds() {
        var state = ClusterState(seeds: [a])
        let start = NIODeadline.now()
        #expect((state.nextLook(jitter: 1) ?? .distantFuture) <= .now())
        let asked = state.beginLook(at: start)
        #expect(asked == a)
        #expect(state.nextLook(jitter: 1) == nil, "one request at a time")
        let isNew = state.didLook(SlotMap(a))
        #expect(isNew)
        #expect(interval(state, since: start) == .seconds(10))
    }

    @Test func aDoubtIsClearedSoon() {
        var state = ClusterState(seeds: [a])
        let start = NIODeadline.now()
        _ = state.beginLook(at: start)
        state.didLook(SlotMap(a))
        state.doubt()
        #expect(interval(state, since: start) == .milliseconds(100))
        #expect(interval(state, since: start, jitter: 0) == .milliseconds(50))
    }

    /// A doubt that arises while a request is under way is not cleared by its answer, which may be older.
    @Test func aDoubtDuringARequestCausesAnother() {
        var state = ClusterState(seeds: [a])
        let start = NIODeadline.now()
        _ = state.beginLook(at: start)
        state.doubt()
        state.didLook(SlotMap(a))
        #expect(interval(state, since: start) == .milliseconds(100))
    }

    @Test func nodesThatDoNotAnswerAreAskedInTurnWithGrowingPauses() {
        var state = ClusterState(seeds: [a, b, c])
        let start = NIODeadline.now()
        var asked: [RedisURL.Address] = []
        var pauses: [TimeAmount?] = []
        for _ in 0..<6 {
            asked.append(state.beginLook(at: start))
            state.didFailToLook()
            pauses.append(interval(state, since: start))
        }
        #expect(asked == [a, b, c, a, b, c])
        #expect(pauses == [200, 400, 800, 1000, 1000, 1000].map { .milliseconds($0) })
    }

    @Test func theNodesOfTheMapAreAskedFirst() {
        var state = ClusterState(seeds: [a])
        _ = state.beginLook(at: .now())
        state.didLook(SlotMap(b))
        let asked = [state.beginLook(at: .now()), state.beginLook(at: .now())]
        #expect(asked == [b, a])
    }

    @Test func anUnchangedAnswerDoesNotUndoARedirection() throws {
        let slot = try #require(HashSlot(7))
        var state = ClusterState(seeds: [a])
        _ = state.beginLook(at: .now())
        state.didLook(SlotMap(a))
        state.didMove(slot, to: b)
        #expect(state.map?.primary(of: slot) == b)
        _ = state.beginLook(at: .now())
        let isNew = state.didLook(SlotMap(a))
        #expect(!isNew)
        #expect(state.map?.primary(of: slot) == b)
        _ = state.beginLook(at: .now())
        state.didLook(SlotMap(c))
        #expect(state.map?.primary(of: slot) == c)
    }
}
