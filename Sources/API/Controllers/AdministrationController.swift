import Domain
import Engine
import Hummingbird
import Logging
import RedisSchema
import Runtime
import Timing

/// The routes for operators. All require the admin token.
struct AdministrationController: Sendable {
    let access: AdminAccess
    let inventory: Inventory
    let catalogue: EventCatalogue
    let restorer: EventRestorer
    /// The queues of all partitions.
    let queues: [OrderQueue]

    /// `GET /admin/queue`
    func queueStatus(_ request: Request) async throws -> Response {
        try access.checkAdmin(request)
        let total = try await QueueStatus(of: queues)
        var object = JSONObject()
        object["depth"] = .integer(total.depth)
        object["oldest_age_ms"] = total.oldestAge.map { .integer(Int($0.milliseconds)) }
        object["in_flight"] = .integer(total.inFlight)
        object["batches"] = .integer(total.batches)
        object["workers"] = .integer(total.workers)
        object["dead_letters"] = .integer(total.deadLetters)
        object["recovery"] = .object(JSONObject(inventory.recovery))
        return .json(object)
    }

    /// `GET /admin/dead-letters`: at most `?limit=` (default 100, maximum 1000), the oldest first.
    func deadLetters(_ request: Request) async throws -> Response {
        try access.checkAdmin(request)
        let limit = try Page(request).limit
        var count = 0
        var letters: [DeadLetter] = []
        for queue in queues {
            count += try await queue.deadLetterCount()
            letters += try await queue.deadLetters(limit: limit)
        }
        letters.sort { ($0.at?.milliseconds ?? 0) < ($1.at?.milliseconds ?? 0) }
        var object = JSONObject()
        object["dead_letters"] = .array(letters.prefix(limit).map { JSONObject($0) })
        object["count"] = .integer(count)
        return .json(object)
    }

    /// `POST /admin/dead-letters/{id}/requeue`
    func requeue(_ request: Request, _ context: APIRequestContext) async throws -> Response {
        try access.checkAdmin(request)
        _ = try StrictObject.read(try await request.jsonBody(limit: BodyLimit.standard), fields: [])
        let id = context.parameters.get("id") ?? ""
        for queue in queues {
            switch try await queue.requeue(id) {
            case .unknown: continue
            case .eventIsRecovering(let event):
                try await restorer.restoreOrThrow(event)
                throw Problem(Refusal.recovering, event: event)
            case .done: break
            }
            context.logger.notice("a dead letter was requeued", metadata: ["id": "\(id)"])
            var object = JSONObject()
            object["id"] = .string(id)
            object["status"] = .string("queued")
            return .json(object)
        }
        throw Problem(.deadLetterNotFound, "There is no dead letter with this id.")
    }

    /// `POST /admin/reconcile`: one event, or one page of all events in the order of their ids.
    func reconcile(_ request: Request, _ context: APIRequestContext) async throws -> Response {
        try access.checkAdmin(request)
        let wanted = try ReconcileRequest(try await request.jsonBody(limit: BodyLimit.standard))
        let page = try Page(request)
        let results: [Reconciliation]
        do {
            if let event = wanted.event {
                results = [try await catalogue.reconcile(event)]
            } else {
                results = try await catalogue.reconcileAll(after: page.after, limit: Page.limitRange.upperBound)
            }
        } catch let error as CatalogueError {
            throw Problem(error, event: wanted.event ?? .demo)
        }
        for result in results { result.log(to: context.logger) }
        var object = JSONObject()
        object["events"] = .array(results.map { JSONObject($0) })
        object["drifted"] = .integer(results.count(where: \.isDrift))
        return .json(object)
    }
}
