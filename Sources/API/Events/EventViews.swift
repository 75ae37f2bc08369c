import Domain
import Engine
import Metrics
import NIOConcurrencyHelpers
import NIOCore
import RedisClient

/// The events as clients get them, from one ``EventSnapshot`` of the process. A view is at most 100 ms old: however many
/// clients ask for an event, it is read at most ten times a second, and only while they ask.
///
/// Redis is read on a thread of its own, so that the views never delay the event loops of the sale.
final class EventViews: Sendable {
    /// Reads events, and delivers each exactly once.
    typealias Read =
        @Sendable (
            [EventID], @escaping @Sendable ([EventID: Result<EventReport?, any Error>]) -> Void
        ) async -> Void

    private static let reads = Counter(label: "ticketblitz_event_reads_total")

    private let state = NIOLockedValueBox(EventSnapshot())
    private let read: Read

    init(read: @escaping Read) { self.read = read }

    convenience init(_ catalogue: EventCatalogue, through client: RedisClient) {
        self.init { ids, deliver in await catalogue.reports(of: ids, through: client, deliver: deliver) }
    }

    /// Looks at an event. The completion is called exactly once: at once, or later on any thread.
    ///
    /// - Parameter isFresh: whether the event must be read after this call.
    func look(
        at id: EventID, isFresh: Bool = false, completion: @escaping @Sendable (EventSnapshot.Outcome) -> Void
    ) {
        let answer = state.withLockedValue { $0.look(for: id, isFresh: isFresh, at: .now(), waiter: completion) }
        switch answer {
        case .known(let seen): completion(.success(seen))
        case .waits(let reading): if let reading { begin(reading) }
        case .refused: completion(.failure(Problem.tooManyEvents))
        }
    }

    /// As ``look(at:isFresh:completion:)``.
    func outcome(of id: EventID, isFresh: Bool = false) async -> EventSnapshot.Outcome {
        await withCheckedContinuation { continuation in
            look(at: id, isFresh: isFresh) { continuation.resume(returning: $0) }
        }
    }

    /// The same for several events, in their order.
    func outcomes(of ids: [EventID], isFresh: Bool = false) async -> [EventSnapshot.Outcome] {
        guard !ids.isEmpty else { return [] }
        return await withCheckedContinuation { continuation in
            let all = NIOLockedValueBox(
                (outcomes: [EventSnapshot.Outcome?](repeating: nil, count: ids.count), missing: ids.count))
            for (index, id) in ids.enumerated() {
                look(at: id, isFresh: isFresh) { outcome in
                    let complete = all.withLockedValue { all in
                        all.outcomes[index] = outcome
                        all.missing -= 1
                        return all.missing == 0 ? all.outcomes.compactMap(\.self) : nil
                    }
                    if let complete { continuation.resume(returning: complete) }
                }
            }
        }
    }

    /// Must be called before a client learns that an event has changed: whoever asks then gets the event after the change.
    func eventHasChanged(_ id: EventID) { state.withLockedValue { $0.forget(id) } }

    private func begin(_ reading: EventSnapshot.Reading) {
        Self.reads.increment(by: reading.ids.count)
        Task {
            await read(reading.ids) { self.found($0, by: reading) }
            let next = self.state.withLockedValue { $0.end(reading, at: .now()) }
            if let next { self.begin(next) }
        }
    }

    private func found(_ reports: [EventID: Result<EventReport?, any Error>], by reading: EventSnapshot.Reading) {
        // Encoded outside of the lock, and only what has changed.
        let known = state.withLockedValue { $0.views(of: reports.keys) }
        let views = Dictionary(
            uniqueKeysWithValues: reports.map { id, result in
                (id, result.map { report in report.map { known[id]?.ifReporting($0) ?? EventView($0) } })
            })
        for (waiter, outcome) in state.withLockedValue({ $0.found(views, by: reading) }) { waiter(outcome) }
    }
}

extension EventView {
    fileprivate func ifReporting(_ report: EventReport) -> EventView? { self.report == report ? self : nil }
}

extension Problem {
    fileprivate static var tooManyEvents: Problem {
        Problem(.storeUnavailable, "Too many events are being read; try again.", retryAfterSeconds: 1)
    }
}
