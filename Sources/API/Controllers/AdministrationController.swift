import Domain
import Engine
import Hummingbird
import Logging
import RedisSchema
import Runtime

/// The routes for operators. All require an admin token.
struct AdministrationController: Sendable {
    let access: AdminAccess
    let trail: AuditTrail
    let inventory: Inventory
    let catalogue: EventCatalogue
    let restorer: EventRestorer
    /// The queues of all partitions.
    let queues: [OrderQueue]

    /// `GET /admin/queue`
    func queueStatus(_ request: Request) async throws -> Response {
        _ = try access.viewer(request)
        var object = JSONObject(queue: try await QueueStatus(of: queues))
        object["recovery"] = .object(JSONObject(inventory.recovery))
        return .json(object)
    }

    /// `GET /admin/dead-letters`: at most `?limit=` (default 100, maximum 1000), the oldest first.
    func deadLetters(_ request: Request) async throws -> Response {
        _ = try access.viewer(request)
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

    /// `POST /admin/reconcile`: one event, or one page of all events in the order of their ids.
    func reconcile(_ request: Request, _ context: APIRequestContext) async throws -> Response {
        let author = try access.operator(request, context)
        let wanted = try SelectionRequest(try await request.jsonBody(limit: BodyLimit.standard))
        let page = try Page(request)
        let results = try await trail.recording(
            .eventsReconcile, of: wanted.subject, by: author, logger: context.logger
        ) {
            let results = try await reconcile(wanted.event, page)
            var after = AuditDetails()
            after["events"] = .number(results.count)
            after["drifted"] = .number(results.count(where: \.isDrift))
            after["repaired"] = .number(results.count { $0.outcome == .repaired })
            return (results, after: after)
        }
        for result in results { result.log(to: context.logger) }
        var object = JSONObject()
        object["events"] = .array(results.map { JSONObject($0) })
        object["drifted"] = .integer(results.count(where: \.isDrift))
        return .json(object)
    }

    private func reconcile(_ event: EventID?, _ page: Page) async throws -> [Reconciliation] {
        do {
            guard let event else {
                return try await catalogue.reconcileAll(after: page.after, limit: Page.limitRange.upperBound)
            }
            return [try await catalogue.reconcile(event)]
        } catch let error as CatalogueError {
            throw Problem(error, event: event ?? .demo)
        }
    }
}
