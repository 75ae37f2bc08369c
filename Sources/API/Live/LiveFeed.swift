import Domain
import Engine
import NIOConcurrencyHelpers
import NIOCore

/// Reads what the viewers of this process watch, while there are any, and publishes what has changed to the event loops: one
/// task for the process, at the interval of ``LivePace``.
final class LiveFeed: Sendable {
    fileprivate struct Watched {
        var viewers = 0
        var update: LiveUpdate?
    }

    fileprivate struct State {
        var events: [EventID: Watched] = [:]
        var onSale = Watched()
        /// All viewers, also those of orders.
        var viewers = 0
        var isRunning = false
        var isClosed = false
        var loops: [NIOLoopBound<LiveViewers>] = []
        var eventLoops: [any EventLoop] = []
    }

    /// What is to be read next.
    private struct Plan {
        var events: [EventID: LiveUpdate?]
        var watchesOnSale: Bool
        var interval: TimeAmount
    }

    /// Events that are read at once.
    private static let readingSize = 500

    private let views: EventViews
    private let onSale: EventsOnSale
    private let state = NIOLockedValueBox(State())

    init(_ views: EventViews, _ onSale: EventsOnSale) {
        self.views = views
        self.onSale = onSale
    }

    /// Adds the viewers of an event loop, before there are any.
    func add(_ viewers: LiveViewers, on eventLoop: any EventLoop) {
        let bound = NIOLoopBound(viewers, eventLoop: eventLoop)
        state.withLockedValue { state in
            state.loops.append(bound)
            state.eventLoops.append(eventLoop)
        }
    }

    /// Counts a viewer. Returns the newest update of what it watches, if there is one.
    func join(_ subject: LiveSubject) -> LiveUpdate? {
        let (update, starts) = state.withLockedValue { state -> (LiveUpdate?, Bool) in
            state.viewers += 1
            let update: LiveUpdate?
            switch subject {
            case .event(let id):
                state.events[id, default: Watched()].viewers += 1
                update = state.events[id]?.update
            case .eventsOnSale:
                state.onSale.viewers += 1
                update = state.onSale.update
            case .order: return (nil, false)
            }
            let starts = !state.isRunning
            state.isRunning = true
            return (update, starts)
        }
        if starts { Task { await run() } }
        return update
    }

    func leave(_ subject: LiveSubject) {
        state.withLockedValue { state in
            state.viewers -= 1
            switch subject {
            case .event(let id):
                state.events[id]?.viewers -= 1
                if state.events[id]?.viewers == 0 { state.events[id] = nil }
            case .eventsOnSale:
                state.onSale.viewers -= 1
                if state.onSale.viewers == 0 { state.onSale.update = nil }
            case .order: break
            }
        }
    }

    var viewers: Int { state.withLockedValue { $0.viewers } }

    /// The events on sale, for the first message of a stream.
    func currentOnSale() async throws -> LiveUpdate { try await onSale.current(maxAge: LivePace.shortest) }

    /// Ends all streams; none begins after this. Returns when their ends have been written.
    func close() async {
        let (loops, eventLoops) = state.withLockedValue { state in
            state.isClosed = true
            return (state.loops, state.eventLoops)
        }
        for (viewers, eventLoop) in zip(loops, eventLoops) {
            try? await eventLoop.submit { viewers.value.close() }.get()
        }
    }

    private func run() async {
        while let plan = next() {
            let start = NIODeadline.now()
            await update(plan)
            let rest = start + plan.interval - .now()
            if rest > .zero { try? await Task.sleep(for: .nanoseconds(rest.nanoseconds)) }
        }
    }

    private func next() -> Plan? {
        state.withLockedValue { state in
            let count = state.events.count + (state.onSale.viewers > 0 ? EventsOnSale.limit : 0)
            guard count > 0, !state.isClosed else {
                state.isRunning = false
                return nil
            }
            return Plan(
                events: state.events.mapValues(\.update), watchesOnSale: state.onSale.viewers > 0,
                interval: LivePace.interval(viewers: state.viewers, events: count))
        }
    }

    private func update(_ plan: Plan) async {
        var updates: [(subject: LiveSubject, update: LiveUpdate)] = []
        var deleted: [EventID] = []
        let all = Array(plan.events.keys)
        // In parts, so that looks of other clients find room between them.
        for start in stride(from: 0, to: all.count, by: Self.readingSize) {
            let ids = Array(all[start..<min(start + Self.readingSize, all.count)])
            for (id, outcome) in zip(ids, await views.outcomes(of: ids)) {
                // If a store does not respond, the viewers keep what they have.
                guard case .success(let seen) = outcome else { continue }
                guard let view = seen.view else {
                    deleted.append(id)
                    continue
                }
                let last = plan.events[id] ?? nil
                if last?.id != view.liveID { updates.append((.event(id), LiveUpdate(view))) }
            }
        }
        if plan.watchesOnSale, let update = try? await onSale.current(maxAge: .zero) {
            updates.append((.eventsOnSale, update))
        }
        publish(updates, deleted, over: LivePace.spread(plan.interval))
    }

    private func publish(
        _ updates: [(subject: LiveSubject, update: LiveUpdate)], _ deleted: [EventID], over spread: TimeAmount
    ) {
        let (loops, eventLoops, changed) = state.withLockedValue { state in
            let changed = updates.filter { state.note($0.update, of: $0.subject) }
            return (state.loops, state.eventLoops, changed)
        }
        guard !changed.isEmpty || !deleted.isEmpty else { return }
        for (viewers, eventLoop) in zip(loops, eventLoops) {
            eventLoop.execute {
                viewers.value.publish(changed, over: spread)
                for id in deleted { viewers.value.endAll(of: .event(id), with: LiveUpdate.deleted(id)) }
            }
        }
    }
}

extension LiveFeed.State {
    /// Notes an update of what somebody watches; false if it is not new.
    fileprivate mutating func note(_ update: LiveUpdate, of subject: LiveSubject) -> Bool {
        switch subject {
        case .event(let id):
            guard let watched = events[id], watched.update?.id != update.id else { return false }
            events[id]?.update = update
        case .eventsOnSale:
            guard onSale.viewers > 0, onSale.update?.id != update.id else { return false }
            onSale.update = update
        case .order: return false
        }
        return true
    }
}
