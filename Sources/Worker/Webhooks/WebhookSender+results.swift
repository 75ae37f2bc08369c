import Ledger
import Logging
import Timing
import Webhooks

/// What is made of the answers.
extension WebhookSender {
    private static let recordLimit = 100

    func note(_ answer: WebhookAnswer, to delivery: DueDelivery, _ session: inout Session) {
        session.underWay -= 1
        session.lastWork = .now
        session.results.append(
            DeliveryResult(
                sequence: delivery.sequence, isSuccess: answer.isSuccess,
                delay: sending.schedule.delay(failures: delivery.attempts + 1, retryAfter: answer.retryAfter),
                status: answer.status, answer: answer.text))
        if answer.isGone {
            session.isGone = true
            session.mayTake = false
            session.queue.removeAll()
        }
        let changes = session.health.note(isSuccess: answer.isSuccess, wanting: answer.pause, sending.schedule)
        if changes { session.healthHasChanged = true }
    }

    /// Records the results, many at once.
    func record(_ session: inout Session, isForced: Bool) async throws {
        guard session.results.count >= Self.recordLimit || isForced && !session.results.isEmpty else { return }
        let states = try await sending.ledger.record(session.results, of: endpoint)
        sending.metrics.count(states)
        session.busy.subtract(session.results.map(\.sequence))
        session.results.removeAll()
        if session.isGone {
            try await sending.ledger.pauseGoneWebhook(endpoint)
            sending.logger.warning(
                "a webhook has answered 410; it is paused", metadata: ["webhook": "\(session.target.id)"])
        }
        if session.healthHasChanged {
            let (failures, pause) = (session.health.failures, session.health.pause ?? .zero)
            try await sending.ledger.noteFailures(failures, of: endpoint, owner: sending.owner, delay: pause)
            session.healthHasChanged = false
            report(failures, session.target.id)
        }
    }

    private func report(_ failures: Int, _ id: String) {
        switch failures {
        case 0: sending.logger.notice("a webhook takes messages again", metadata: ["webhook": "\(id)"])
        case 1: sending.logger.warning("a webhook fails; its messages wait", metadata: ["webhook": "\(id)"])
        default: break
        }
    }

    /// Its address cannot be used, so no message can be sent: the one that is due first has failed.
    func giveUp(_ turn: WebhookTurn, _ reason: String) async throws {
        let delay = sending.schedule.endpoint.delay(failures: turn.failures + 1)
        for due in try await sending.ledger.dueDeliveries(of: endpoint, except: [], limit: 1) {
            let result = DeliveryResult(
                sequence: due.sequence, isSuccess: false,
                delay: sending.schedule.delay(failures: due.attempts + 1, retryAfter: nil), status: nil, answer: reason)
            sending.metrics.count(try await sending.ledger.record([result], of: endpoint))
        }
        try await sending.ledger.noteFailures(turn.failures + 1, of: endpoint, owner: sending.owner, delay: delay)
        report(turn.failures + 1, turn.id)
    }

    func release() async {
        // If it fails, the lease ends.
        try? await sending.ledger.releaseWebhook(endpoint, owner: sending.owner)
    }

    func log(_ error: any Error) {
        sending.logger.debug("deliveries of a webhook are interrupted", metadata: ["reason": "\(error)"])
    }
}
