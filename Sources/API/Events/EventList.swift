import Domain
import Engine
import Ledger
import NIOCore
import NIOPosix
import RedisClient
import Runtime

/// The pages of `GET /events`. A page is read and encoded once for all clients that request it within 100 ms, and one page
/// is read at a time. Its events come from the same ``EventViews`` as single events.
actor EventList {
    /// The number of pages that wait to be read. They differ from each other: requests for one page wait together.
    static let waitingLimit = 32

    /// The event loop of the connections that read Redis. It exists as long as the process.
    static let eventLoopGroup = MultiThreadedEventLoopGroup(numberOfThreads: 1)

    /// Reads and encodes a page. The result is its body, and when the reading of its oldest event began.
    ///
    /// - Parameter isFresh: whether the events must be read after the call.
    typealias Read =
        @Sendable (RecentPages.Key, _ isFresh: Bool) async throws -> (body: ByteBuffer, since: NIODeadline)

    private struct Reading {
        var task: Task<EventPage, any Error>
        /// Nil while it waits for another page.
        var since: NIODeadline?
    }

    private let readPage: Read
    private var pages = RecentPages()
    private var readings: [RecentPages.Key: Reading] = [:]
    private var last: Task<Void, Never>?
    private var waiting = 0
    /// Counts the changes of events. A page that began to be read before a change is not kept.
    private var changes = 0

    init(read: @escaping Read) { readPage = read }

    init(_ catalogue: EventCatalogue, _ views: EventViews) {
        self.init { key, isFresh in
            var since = NIODeadline.now()
            let ids = try await catalogue.list(after: key.after, limit: key.limit, key.selection)
            var list = JSONList("events")
            for outcome in await views.outcomes(of: ids, isFresh: isFresh) {
                let seen = try outcome.get()
                since = min(since, seen.since)
                // An event that was deleted in between is left out.
                if let view = seen.view { list.add(view.body) }
            }
            return (list.end(), since)
        }
    }

    /// A page. What it says was read after this call, or at most 100 ms before the reading of the page began.
    ///
    /// - Parameter isFresh: whether it must be read after this call.
    func page(
        _ page: Page, _ selection: EventSelection = .notArchived, isFresh: Bool = false
    ) async throws -> EventPage {
        let key = RecentPages.Key(after: page.after, limit: page.limit, selection: selection)
        let now = NIODeadline.now()
        if !isFresh {
            if let known = pages.page(key, at: now) { return known }
            if let reading = readings[key], now - (reading.since ?? now) < RecentPages.lifetime {
                return try await reading.task.value
            }
        }
        guard waiting < Self.waitingLimit else { throw Problem.tooManyPages }
        waiting += 1
        let task = Task { [last] in
            await last?.value
            return try await read(key, isFresh: isFresh)
        }
        readings[key] = Reading(task: task)
        last = Task { _ = try? await task.value }
        return try await task.value
    }

    private func read(_ key: RecentPages.Key, isFresh: Bool) async throws -> EventPage {
        let (start, before) = (NIODeadline.now(), changes)
        waiting -= 1
        readings[key]?.since = start
        defer { if readings[key]?.since == start { readings[key] = nil } }
        let (body, since) = try await readPage(key, isFresh)
        let page = EventPage(body)
        if before == changes { pages.add(page, for: key, since: since, at: .now()) }
        return page
    }

    /// Forgets all pages, because an event has changed: the next request reads it anew.
    func eventHasChanged() {
        changes += 1
        pages.removeAll()
        readings = [:]
    }
}

extension Problem {
    fileprivate static var tooManyPages: Problem {
        Problem(
            .storeUnavailable, "Too many pages of events are being read; try again.", retryAfterSeconds: 1)
    }
}
