import Domain
import NIOCore

/// The events that were read a moment ago, and the readings that are under way: which requests are answered from memory,
/// which wait for a reading, and which begin one. No I/O; the memory is bounded, whatever clients ask for.
///
/// A **round** reads all events that were asked for since the last round together. It begins with a request, at most every
/// 100 ms. An event that the last round did not include is read by itself, and belongs to the next one. So each event is read
/// at most ten times a second, and only while clients ask for it.
struct EventSnapshot {
    /// What the stores said about an event.
    struct Seen: Sendable {
        /// Nil if neither store has the event.
        var view: EventView?
        /// When the reading began.
        var since: NIODeadline
    }

    typealias Outcome = Result<Seen, any Error>
    typealias Waiter = @Sendable (Outcome) -> Void

    /// Events to be read together.
    struct Reading: Sendable {
        let number: Int
        let ids: [EventID]
    }

    enum Answer {
        /// What the stores said less than 100 ms ago.
        case known(Seen)
        /// The waiter is called later. The reading, if there is one, has to begin.
        case waits(Reading?)
        /// Too many events wait to be read.
        case refused
    }

    /// The maximum age, from the moment at which the reading began.
    static let lifetime = TimeAmount.milliseconds(100)
    /// Events that are kept, and ids without an event, each. Neither takes the room of the other.
    static let limit = 4096
    /// Readings outside of rounds at the same time, and the events of one.
    static let readingLimit = 4
    static let readingSize = 512

    private struct Entry {
        var view: EventView
        var since: NIODeadline
        /// Whether it was asked for since the last round.
        var isWanted: Bool
    }

    private struct Running {
        let since: NIODeadline
        let isRound: Bool
        var waiters: [EventID: [Waiter]]
    }

    private var entries: [EventID: Entry] = [:]
    private var unknown: [EventID: NIODeadline] = [:]
    private var running: [Int: Running] = [:]
    /// The newest reading of an event.
    private var readings: [EventID: Int] = [:]
    /// Requests for events that wait for a reading to begin.
    private var pending: [EventID: [Waiter]] = [:]
    private var roundBegan = NIODeadline.uptimeNanoseconds(0)
    private var readingCount = 0

    var count: Int { entries.count + unknown.count }

    /// Answers a request for an event.
    ///
    /// - Parameter isFresh: whether the answer must have been read after this call.
    mutating func look(
        for id: EventID, isFresh: Bool = false, at now: NIODeadline, waiter: @autoclosure () -> Waiter
    ) -> Answer {
        if !isFresh {
            if let entry = entries[id], now - entry.since < Self.lifetime {
                if !entry.isWanted { entries[id]?.isWanted = true }
                return .known(Seen(view: entry.view, since: entry.since))
            }
            if let since = unknown[id], now - since < Self.lifetime { return .known(Seen(view: nil, since: since)) }
            if let number = readings[id], let reading = running[number], now - reading.since < Self.lifetime {
                running[number]?.waiters[id, default: []].append(waiter())
                return .waits(nil)
            }
            if now - roundBegan >= Self.lifetime { return .waits(beginRound(with: id, waiter(), at: now)) }
        }
        guard pending[id] != nil || pending.count < Self.limit else { return .refused }
        pending[id, default: []].append(waiter())
        return .waits(beginReading(at: now))
    }

    /// The views of events that are kept, to be used again if they have not changed.
    func views(of ids: some Sequence<EventID>) -> [EventID: EventView] {
        var views: [EventID: EventView] = [:]
        for id in ids { if let entry = entries[id] { views[id] = entry.view } }
        return views
    }

    /// Notes what a reading has found.
    ///
    /// - Returns: the calls of the waiters.
    mutating func found(
        _ views: [EventID: Result<EventView?, any Error>], by reading: Reading
    ) -> [(Waiter, Outcome)] {
        guard let begun = running[reading.number] else { return [] }
        var calls: [(Waiter, Outcome)] = []
        for (id, view) in views {
            let outcome = view.map { Seen(view: $0, since: begun.since) }
            for waiter in running[reading.number]?.waiters.removeValue(forKey: id) ?? [] {
                calls.append((waiter, outcome))
            }
            guard readings[id] == reading.number else { continue }
            readings[id] = nil
            keep(outcome, of: id)
        }
        return calls
    }

    /// Ends a reading that has found all of its events.
    ///
    /// - Returns: the reading that begins next.
    mutating func end(_ reading: Reading, at now: NIODeadline) -> Reading? {
        running[reading.number] = nil
        return beginReading(at: now)
    }

    /// Forgets an event that has changed: the next request reads it.
    mutating func forget(_ id: EventID) {
        entries[id] = nil
        unknown[id] = nil
        // What a reading that is under way says about it is not kept.
        readings[id] = nil
    }

    private mutating func keep(_ outcome: Outcome, of id: EventID) {
        guard case .success(let seen) = outcome else { return }
        if let view = seen.view {
            unknown[id] = nil
            guard entries[id] != nil || entries.count < Self.limit else { return }
            entries[id] = Entry(view: view, since: seen.since, isWanted: entries[id]?.isWanted ?? true)
        } else {
            entries[id] = nil
            if unknown.count >= Self.limit { unknown = unknown.filter { seen.since - $0.value < Self.lifetime } }
            if unknown.count < Self.limit { unknown[id] = seen.since }
        }
    }

    private mutating func beginRound(with id: EventID, _ waiter: @escaping Waiter, at now: NIODeadline) -> Reading {
        // What was asked for before the last round is not asked for any more.
        let isRecent = now - roundBegan < Self.lifetime * 2
        entries = isRecent ? entries.filter(\.value.isWanted) : [:]
        unknown = unknown.filter { now - $0.value < Self.lifetime }
        var ids = entries.keys.filter { $0 != id && readings[$0] == nil }
        for wanted in ids { entries[wanted]?.isWanted = false }
        ids.append(id)
        roundBegan = now
        return begin(ids, isRound: true, [id: [waiter]], at: now)
    }

    private mutating func beginReading(at now: NIODeadline) -> Reading? {
        guard !pending.isEmpty, running.count(where: { !$0.value.isRound }) < Self.readingLimit else { return nil }
        let ids = Array(pending.keys.prefix(Self.readingSize))
        var waiters: [EventID: [Waiter]] = [:]
        for id in ids { waiters[id] = pending.removeValue(forKey: id) }
        return begin(ids, isRound: false, waiters, at: now)
    }

    private mutating func begin(
        _ ids: [EventID], isRound: Bool, _ waiters: [EventID: [Waiter]], at now: NIODeadline
    ) -> Reading {
        readingCount += 1
        for id in ids { readings[id] = readingCount }
        running[readingCount] = Running(since: now, isRound: isRound, waiters: waiters)
        return Reading(number: readingCount, ids: ids)
    }
}
