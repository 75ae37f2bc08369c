import Domain
import Engine
import Hummingbird
import Logging
import RedisSchema
import Runtime

/// Putting dead letters back into the queue.
extension AdministrationController {
    /// `POST /admin/dead-letters/{id}/requeue`
    func requeue(_ request: Request, _ context: APIRequestContext) async throws -> Response {
        let author = try access.operator(request, context)
        _ = try StrictObject.read(try await request.jsonBody(limit: BodyLimit.standard), fields: [])
        let id = context.parameters.get("id") ?? ""
        for queue in queues {
            guard let letter = try await queue.deadLetter(id) else { continue }
            try await trail.recording(
                .deadLetterRequeue, of: id, before: letter.order.map { AuditDetails(deadLettered: $0) }, by: author,
                logger: context.logger
            ) {
                try await requeue(letter, in: queue)
                var after = AuditDetails()
                after["status"] = .text("queued")
                return ((), after: after)
            }
            context.logger.notice("a dead letter was requeued", metadata: ["id": "\(id)", "by": "\(author.actor)"])
            var object = JSONObject()
            object["id"] = .string(id)
            object["status"] = .string("queued")
            return .json(object)
        }
        throw Problem.deadLetterNotFound
    }

    private func requeue(_ letter: DeadLetter, in queue: OrderQueue) async throws {
        switch try await queue.requeue(letter.id) {
        case .unknown: throw Problem.deadLetterNotFound
        case .eventIsRecovering(let event):
            try await restorer.restoreOrThrow(event)
            throw Problem(Refusal.recovering, event: event)
        case .done: return
        }
    }

    /// `POST /admin/dead-letters/requeue`: all dead letters, or with the field `event` those of one event.
    func requeueAll(_ request: Request, _ context: APIRequestContext) async throws -> Response {
        let author = try access.operator(request, context)
        let wanted = try SelectionRequest(try await request.jsonBody(limit: BodyLimit.standard))
        let (requeued, waiting) = try await trail.recording(
            .deadLettersRequeue, of: wanted.subject, by: author, logger: context.logger
        ) {
            let result = try await requeueAll(of: wanted.event)
            var after = AuditDetails()
            after["requeued"] = .number(result.requeued)
            after["waiting"] = .number(result.waiting)
            return (result, after: after)
        }
        context.logger.notice(
            "dead letters were requeued",
            metadata: ["count": "\(requeued)", "waiting": "\(waiting)", "by": "\(author.actor)"])
        var object = JSONObject()
        object["requeued"] = .integer(requeued)
        object["waiting"] = .integer(waiting)
        return .json(object)
    }

    private func requeueAll(of event: EventID?) async throws -> (requeued: Int, waiting: Int) {
        var (requeued, waiting) = (0, [EventID: Int]())
        for queue in queues {
            var result = try await queue.requeueAll(of: event)
            requeued += result.requeued
            // The letters of an event that Redis does not have follow when it has been published.
            for event in result.waiting.keys {
                guard try await restorer.restore(event) == .published else { continue }
                let again = try await queue.requeueAll(of: event)
                requeued += again.requeued
                result.waiting[event] = again.waiting[event]
            }
            waiting.merge(result.waiting) { $0 + $1 }
        }
        return (requeued, waiting.values.reduce(0, +))
    }
}

extension AuditDetails {
    /// The order of a dead letter. Not the letter's reason or its entry, which can have texts of customers.
    fileprivate init(deadLettered order: Order) {
        self.init()
        self["ticket_id"] = .text(order.id.description)
        self["event"] = .text(order.event.description)
        self["quantity"] = .number(order.quantity)
        self["status"] = .text(order.state.rawValue)
    }
}
