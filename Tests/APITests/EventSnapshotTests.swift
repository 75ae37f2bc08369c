import Domain
import NIOConcurrencyHelpers
import NIOCore
import TestSupport
import Testing

@testable import API

/// Which requests are answered from memory, and which begin a reading.
@Suite struct EventSnapshotTests {
    private final class Waiters: Sendable {
        private let box = NIOLockedValueBox([Int?]())
        var seen: [Int?] { box.withLockedValue { $0 } }
        func add(_ outcome: EventSnapshot.Outcome) {
            box.withLockedValue { $0.append(try? outcome.get().view?.report.available) }
        }
    }

    private var snapshot = EventSnapshot()
    private let waiters = Waiters()

    private static func id(_ name: String) throws -> EventID { try #require(EventID(name)) }

    private func at(_ milliseconds: Int64) -> NIODeadline {
        .uptimeNanoseconds(1_000_000_000) + .milliseconds(milliseconds)
    }

    private static func view(_ id: EventID, _ available: Int) -> EventView {
        EventView(
            EventReport(
                id: id, terms: EventTerms(name: "x", capacity: 100), available: available, held: 0, pending: 0, sold: 0,
                status: .open))
    }

    private enum Result: Equatable {
        case known(Int?)
        case begins([String])
        case waits, refused
    }

    private mutating func look(_ name: String, isFresh: Bool = false, at time: Int64) throws -> (
        Result, EventSnapshot.Reading?
    ) {
        let waiters = waiters
        switch snapshot.look(for: try Self.id(name), isFresh: isFresh, at: at(time), waiter: { waiters.add($0) }) {
        case .known(let seen): return (.known(seen.view?.report.available), nil)
        case .waits(let reading?): return (.begins(reading.ids.map(\.description).sorted()), reading)
        case .waits(nil): return (.waits, nil)
        case .refused: return (.refused, nil)
        }
    }

    /// Looks at an event for which a reading begins, and completes the reading with one value for all.
    private mutating func read(_ name: String, _ available: Int?, from begin: Int64, to end: Int64) throws -> Result {
        let (result, reading) = try look(name, at: begin)
        if let reading { complete(reading, available, at: end) }
        return result
    }

    @discardableResult
    private mutating func complete(
        _ reading: EventSnapshot.Reading, _ available: Int?, at time: Int64
    ) -> EventSnapshot.Reading? {
        let views = Dictionary(
            uniqueKeysWithValues: reading.ids.map { id in
                (id, Swift.Result<EventView?, any Error>.success(available.map { Self.view(id, $0) }))
            })
        for (waiter, outcome) in snapshot.found(views, by: reading) { waiter(outcome) }
        return snapshot.end(reading, at: at(time))
    }

    @Test mutating func anEventIsReadOnceIn100Milliseconds() throws {
        #expect(try read("a", 5, from: 0, to: 3) == .begins(["a"]))
        #expect(try look("a", at: 99).0 == .known(5))
        #expect(try read("a", 4, from: 100, to: 103) == .begins(["a"]))
        #expect(waiters.seen == [5, 4])
    }

    @Test mutating func requestsDuringAReadingWaitForIt() throws {
        let (_, reading) = try look("a", at: 0)
        #expect(try look("a", at: 50).0 == .waits)
        complete(try #require(reading), 7, at: 60)
        #expect(waiters.seen == [7, 7])
    }

    /// What it says may be too old for them.
    @Test mutating func requestsDoNotWaitForAReadingThatTakesLong() throws {
        let (_, slow) = try look("a", at: 0)
        let (result, next) = try look("a", at: 100)
        #expect(result == .begins(["a"]))
        complete(try #require(next), 1, at: 110)
        complete(try #require(slow), 2, at: 120)
        #expect(try look("a", at: 130).0 == .known(1), "the older reading is not kept")
    }

    @Test mutating func aRoundReadsWhatWasAskedForSinceTheLastOne() throws {
        for name in ["a", "b", "c"] { _ = try read(name, 1, from: 0, to: 1) }
        _ = try look("b", at: 50)
        _ = try read("a", 1, from: 100, to: 101)
        // b and c were asked for before: c for the first time, which counts.
        #expect(try look("c", at: 150).0 == .known(1))
        #expect(try read("a", 1, from: 200, to: 201) == .begins(["a", "c"]), "nobody has asked for b since")
        #expect(try read("b", 1, from: 210, to: 211) == .begins(["b"]))
        #expect(try read("a", 1, from: 300, to: 301) == .begins(["a", "b"]))
    }

    @Test mutating func nothingIsReadWhileNobodyAsks() throws {
        for name in ["a", "b"] { _ = try read(name, 1, from: 0, to: 1) }
        #expect(try read("a", 1, from: 60_000, to: 60_001) == .begins(["a"]))
        #expect(snapshot.count == 1, "the other is forgotten")
    }

    /// Whatever the order in which clients ask, in any 100 ms that begin with a round an event is read once.
    @Test mutating func noOrderOfRequestsLeadsToMoreReadings() throws {
        var generator = SeededGenerator(seed: 4)
        var reads: [String: Int] = [:]
        for time in Int64(0)..<10_000 {
            for name in ["a", "b", "c", "d"] where Int.random(in: 0..<3, using: &generator) == 0 {
                let (_, reading) = try look(name, at: time)
                guard let reading else { continue }
                for id in reading.ids { reads[id.description, default: 0] += 1 }
                complete(reading, 1, at: time)
            }
        }
        #expect(reads.values.allSatisfy { (99...101).contains($0) }, "\(reads)")
    }

    @Test mutating func anUnknownEventIsReadOnceToo() throws {
        #expect(try read("none", nil, from: 0, to: 1) == .begins(["none"]))
        #expect(try look("none", at: 99).0 == .known(nil))
        #expect(try read("none", 3, from: 100, to: 101) == .begins(["none"]))
        #expect(try look("none", at: 102).0 == .known(3))
    }

    @Test mutating func unknownEventsDoNotTakeTheRoomOfOthers() throws {
        _ = try read("a", 5, from: 0, to: 1)
        for number in 0..<3 * EventSnapshot.limit { _ = try read("x\(number)", nil, from: 2, to: 2) }
        #expect(try look("a", at: 99).0 == .known(5))
        #expect(snapshot.count == EventSnapshot.limit + 1)
        for number in 0..<3 * EventSnapshot.limit { _ = try read("y\(number)", 1, from: 3, to: 3) }
        #expect(try look("a", at: 99).0 == .known(5))
        #expect(snapshot.count == 2 * EventSnapshot.limit)
    }

    @Test mutating func manyEventsAreReadTogether() throws {
        _ = try read("a", 5, from: 0, to: 0)
        var running: [EventSnapshot.Reading] = []
        for number in 0..<1000 {
            if let reading = try look("x\(number)", at: 1).1 { running.append(reading) }
        }
        #expect(running.map(\.ids.count) == Array(repeating: 1, count: EventSnapshot.readingLimit))
        let next = try #require(complete(running[0], nil, at: 2))
        #expect(next.ids.count == EventSnapshot.readingSize)
        #expect(complete(next, nil, at: 3)?.ids.count == 1000 - EventSnapshot.readingLimit - EventSnapshot.readingSize)
    }

    @Test mutating func tooManyEventsAreRefused() throws {
        _ = try read("a", 5, from: 0, to: 0)
        for number in 0..<EventSnapshot.limit + EventSnapshot.readingLimit { _ = try look("x\(number)", at: 1) }
        #expect(try look("y", at: 1).0 == .refused)
        #expect(try look("a", at: 1).0 == .known(5))
        #expect(try look("x9", at: 1).0 == .waits)
    }

    @Test mutating func aFailureIsNotKept() throws {
        let (_, reading) = try look("a", at: 0)
        let begun = try #require(reading)
        let failed = [try Self.id("a"): Swift.Result<EventView?, any Error>.failure(GaveUp(description: "no store"))]
        for (waiter, outcome) in snapshot.found(failed, by: begun) { waiter(outcome) }
        _ = snapshot.end(begun, at: at(1))
        #expect(waiters.seen == [nil])
        #expect(try read("a", 5, from: 2, to: 3) == .begins(["a"]))
    }

    @Test mutating func aChangedEventIsReadAnew() throws {
        _ = try read("a", 5, from: 0, to: 1)
        snapshot.forget(try Self.id("a"))
        #expect(try read("a", 6, from: 2, to: 3) == .begins(["a"]))
        #expect(try look("a", at: 4).0 == .known(6))
    }

    @Test mutating func aReadingBeforeAChangeIsNotKept() throws {
        let (_, old) = try look("a", at: 0)
        snapshot.forget(try Self.id("a"))
        let (result, new) = try look("a", at: 1)
        #expect(result == .begins(["a"]), "the old reading is not joined")
        complete(try #require(new), 6, at: 2)
        complete(try #require(old), 5, at: 3)
        #expect(try look("a", at: 4).0 == .known(6))
    }

    @Test mutating func aRequestForTheFreshStateIsRead() throws {
        _ = try read("a", 5, from: 0, to: 1)
        let (result, reading) = try look("a", isFresh: true, at: 2)
        #expect(result == .begins(["a"]))
        complete(try #require(reading), 4, at: 3)
        #expect(try look("a", at: 4).0 == .known(4), "others get it too")
    }
}
