import NIOConcurrencyHelpers
import NIOCore
import TestSupport
import Testing

@testable import API

@Suite(.timeLimit(.minutes(5))) struct EventListTests {
    /// Reads pages when the test lets it, and counts.
    private final class Reader: Sendable {
        private let state = NIOLockedValueBox((begun: [RecentPages.Key](), running: 0, maximum: 0, isOpen: false))

        var begun: [RecentPages.Key] { state.withLockedValue { $0.begun } }
        var maximum: Int { state.withLockedValue { $0.maximum } }

        func open() { state.withLockedValue { $0.isOpen = true } }
        func close() { state.withLockedValue { $0.isOpen = false } }

        func read(_ key: RecentPages.Key) async throws -> (ByteBuffer, NIODeadline) {
            let since = NIODeadline.now()
            let number = state.withLockedValue { state in
                state.begun.append(key)
                state.running += 1
                state.maximum = max(state.maximum, state.running)
                return state.begun.count
            }
            defer { state.withLockedValue { $0.running -= 1 } }
            try await eventually("the reader is open") { self.state.withLockedValue { $0.isOpen } }
            return (ByteBuffer(string: "\(number)"), since)
        }
    }

    private func page(_ after: String = "", _ limit: Int = 100) -> Page { Page(limit: limit, after: after) }

    @Test func onePageIsReadOnceForAll() async throws {
        let reader = Reader()
        let list = EventList { key, _ in try await reader.read(key) }
        let bodies = try await withThrowingTaskGroup(of: EventPage.self) { group in
            for _ in 0..<500 { group.addTask { try await list.page(page()) } }
            try await eventually("the page is being read") { !reader.begun.isEmpty }
            reader.open()
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(bodies.count == 500)
        // A machine that stalls for more than 100 ms reads it again.
        #expect(reader.begun.count < 10)
    }

    @Test func onePageIsReadAtATime() async throws {
        let reader = Reader()
        reader.open()
        let list = EventList { key, _ in try await reader.read(key) }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<EventList.waitingLimit { group.addTask { _ = try await list.page(page("e\(number)")) } }
            try await group.waitForAll()
        }
        #expect(reader.begun.count == EventList.waitingLimit)
        #expect(reader.maximum == 1)
    }

    @Test func tooManyPagesAreRefused() async throws {
        let reader = Reader()
        let list = EventList { key, _ in try await reader.read(key) }
        let refused = try await withThrowingTaskGroup(of: Problem?.self) { group in
            for number in 0..<(EventList.waitingLimit + 20) {
                group.addTask {
                    do {
                        _ = try await list.page(page("e\(number)"))
                        return nil
                    } catch { return error as? Problem }
                }
            }
            try await eventually("a page is being read") { !reader.begun.isEmpty }
            reader.open()
            return try await group.reduce(into: [Problem]()) { if let problem = $1 { $0.append(problem) } }
        }
        #expect((1...20).contains(refused.count))
        #expect(refused.allSatisfy { $0.code == .storeUnavailable && $0.retryAfterSeconds == 1 })
        _ = try await list.page(page("later"))
    }

    @Test func aFailureIsNotKept() async throws {
        let fails = NIOLockedValueBox(true)
        let list = EventList { _, _ in
            if fails.withLockedValue({ $0 }) { throw GaveUp(description: "no store") }
            return (ByteBuffer(string: "x"), .now())
        }
        await #expect(throws: GaveUp.self) { try await list.page(page()) }
        fails.withLockedValue { $0 = false }
        #expect(try await list.page(page()).body == ByteBuffer(string: "x"))
    }

    /// A client that has changed an event does not read a page that was read before.
    @Test func aChangeEndsAllPages() async throws {
        let reader = Reader()
        reader.open()
        let list = EventList { key, _ in try await reader.read(key) }
        let before = try await list.page(page())
        await list.eventHasChanged()
        #expect(try await list.page(page()) != before)
        reader.close()
        await list.eventHasChanged()
        async let old = list.page(page())
        try await eventually("the page is being read") { reader.begun.count == 3 }
        await list.eventHasChanged()
        async let new = list.page(page())
        reader.open()
        let (first, second) = try await (old, new)
        #expect(first != second)
        #expect(try await list.page(page()) == second, "the older page is not kept")
    }

    /// A reading that takes long is not joined by requests that come later: they would get something too old.
    @Test func aLongReadingIsNotJoined() async throws {
        let reader = Reader()
        let list = EventList { key, _ in try await reader.read(key) }
        async let first = list.page(page())
        try await eventually("the page is being read") { reader.begun.count == 1 }
        let begun = NIODeadline.now()
        try await eventually("the reading is too old") { NIODeadline.now() - begun > RecentPages.lifetime }
        async let second = list.page(page())
        reader.open()
        let (old, new) = try await (first, second)
        #expect(old != new)
    }
}
