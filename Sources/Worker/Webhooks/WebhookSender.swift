import DequeModule
import Ledger
import Logging
import Metrics
import ServiceLifecycle
import Timing
import Webhooks

/// Delivers to one endpoint while this worker has it: until there is nothing to do, the endpoint fails, or others may want it.
///
/// A delivery is done when its result is in the ledger. If the worker ends before, another one sends the message again.
struct WebhookSender: Sendable {
    let sending: WebhookSending
    let endpoint: Int

    /// Changes for which deliveries are made in one statement.
    private static let fanLimit = 1000
    private static let dueLimit = 200
    private static let tick = Duration.milliseconds(25)
    /// How long the endpoint is kept while there is nothing to do.
    private static let idleTime = Duration.seconds(1)
    /// After this time another worker may have the endpoint.
    private static let longestTurn = Duration.seconds(60)

    private enum Event: Sendable {
        case answered(DueDelivery, WebhookAnswer)
        case tick
    }

    struct Session {
        var target: WebhookTarget
        var queue: Deque<DueDelivery> = []
        /// Those that are queued, under way, or not recorded.
        var busy: Set<Int> = []
        var underWay = 0
        var results: [DeliveryResult] = []
        var health: EndpointHealth
        var healthHasChanged = false
        var isGone = false
        var mayTake = true
        var lastTurn = ContinuousClock.now - WebhookSender.tick
        var lastWork = ContinuousClock.now
        let begun = ContinuousClock.now
    }

    func run() async {
        do {
            guard let turn = try await turn() else { return }
            let target: WebhookTarget
            do {
                target = try await WebhookTarget(turn, sending)
            } catch {
                try await giveUp(turn, "\(error)")
                return await release()
            }
            var session = Session(target: target, health: EndpointHealth(failures: turn.failures))
            do { try await deliver(&session) } catch { log(error) }
            await session.target.close()
        } catch {
            log(error)
        }
        await release()
    }

    private func turn() async throws -> WebhookTurn? {
        try await sending.ledger.webhookTurn(
            endpoint, owner: sending.owner, lease: sending.lease, limit: Self.fanLimit)
    }

    private func deliver(_ session: inout Session) async throws {
        try await withThrowingTaskGroup(of: Event.self) { group in
            group.addTask { await Self.pause() }
            while true {
                try await take(&session)
                while session.underWay < session.health.concurrency(sending.concurrency),
                    let delivery = session.queue.popFirst()
                {
                    session.underWay += 1
                    let target = session.target
                    group.addTask { .answered(delivery, await send(delivery, to: target)) }
                }
                try await record(&session, isForced: session.underWay == 0)
                if isAtEnd(session) { break }
                switch try await group.next() {
                case .answered(let delivery, let answer): note(answer, to: delivery, &session)
                case .tick:
                    try await record(&session, isForced: true)
                    group.addTask { await Self.pause() }
                case nil: break
                }
            }
            group.cancelAll()
        }
    }

    private static func pause() async -> Event {
        try? await Task.sleep(for: tick)
        return .tick
    }

    /// Whether this worker stops delivering to the endpoint. What is under way ends before.
    private func isAtEnd(_ session: Session) -> Bool {
        guard session.underWay == 0 else { return false }
        return !session.mayTake || session.health.pause != nil
            || session.queue.isEmpty && ContinuousClock.now - session.lastWork > Self.idleTime
    }

    /// Renews the lease, makes deliveries of new changes, and takes those that are due, if there is room.
    private func take(_ session: inout Session) async throws {
        let now = ContinuousClock.now
        let isLow = session.queue.count < sending.concurrency
        let wants = session.mayTake && session.health.pause == nil && isLow
        guard wants && now - session.lastTurn >= Self.tick || now - session.lastTurn > sending.lease / 4 else { return }
        if Task.isShuttingDownGracefully || Task.isCancelled || now - session.begun > Self.longestTurn {
            session.mayTake = false
            session.queue.removeAll()
        }
        session.lastTurn = now
        guard let turn = try await turn() else {
            session.mayTake = false
            session.queue.removeAll()
            return
        }
        guard wants, session.mayTake else { return }
        guard try await session.target.isCurrent(turn, sending) else {
            // Another turn uses the other address.
            session.mayTake = false
            session.queue.removeAll()
            return
        }
        let limit = session.health.concurrency(Self.dueLimit)
        let due = try await sending.ledger.dueDeliveries(of: endpoint, except: session.busy, limit: limit)
        if !due.isEmpty || turn.fanned > 0 { session.lastWork = now }
        // More may be due at once.
        if due.count == limit || turn.fanned == Self.fanLimit { session.lastTurn = now - Self.tick }
        session.queue += due
        session.busy.formUnion(due.map(\.sequence))
        if !due.isEmpty { Failpoint.reach(.afterDeliveryClaim) }
    }

    private func send(_ delivery: DueDelivery, to target: WebhookTarget) async -> WebhookAnswer {
        let begun = ContinuousClock.now
        let answer = await target.send(WebhookMessage(delivery.change))
        sending.metrics.duration.record(duration: ContinuousClock.now - begun)
        Failpoint.reach(.afterPost)
        return answer
    }
}
