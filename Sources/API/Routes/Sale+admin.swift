import Hummingbird
import Shared

extension Sale {
    /// `GET /admin/queue`
    func queueStatus(_ request: Request) async throws -> Response {
        try access.checkAdmin(request)
        var total = QueueStatus()
        for queue in queues {
            let status = try await queue.status()
            total.depth += status.depth
            total.inFlight += status.inFlight
            total.batches += status.batches
            total.deadLetters += status.deadLetters
            // Every worker drains every partition.
            total.workers = max(total.workers, status.workers)
            total.oldestAge = [total.oldestAge, status.oldestAge].compactMap(\.self).max()
        }
        var object = JSONObject()
        object["depth"] = .integer(total.depth)
        object["oldest_age_ms"] = total.oldestAge.map { .integer(Int($0.milliseconds)) }
        object["in_flight"] = .integer(total.inFlight)
        object["batches"] = .integer(total.batches)
        object["workers"] = .integer(total.workers)
        object["dead_letters"] = .integer(total.deadLetters)
        return .json(object)
    }

    /// `GET /admin/dead-letters`: up to `?limit=` (100, at most 1000), the oldest first.
    func deadLetters(_ request: Request) async throws -> Response {
        try access.checkAdmin(request)
        let limit = try Self.limit(request)
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
    func requeue(_ request: Request, _ context: SaleContext) async throws -> Response {
        try access.checkAdmin(request)
        _ = try StrictObject.read(try await request.jsonBody(limit: Self.bodyLimit), fields: [])
        let id = context.parameters.get("id") ?? ""
        for queue in queues where try await queue.requeue(id) {
            context.logger.notice("a dead letter was put back", metadata: ["id": "\(id)"])
            var object = JSONObject()
            object["id"] = .string(id)
            object["status"] = .string("queued")
            return .json(object)
        }
        throw Problem(.deadLetterNotFound, "There is no dead letter of this id any more.")
    }

    /// `POST /admin/reconcile`: one event, or a page of all in the order of their ids.
    func reconcile(_ request: Request, _ context: SaleContext) async throws -> Response {
        try access.checkAdmin(request)
        let wanted = try ReconcileRequest(try await request.jsonBody(limit: Self.bodyLimit))
        let after = try Self.after(request)
        let results: [Reconciliation]
        do {
            if let event = wanted.event {
                results = [try await catalogue.reconcile(event)]
            } else {
                results = try await catalogue.reconcileAll(after: after, limit: Self.eventPageLimit)
            }
        } catch let error as CatalogueError {
            throw Problem(error, event: wanted.event ?? .demo)
        }
        for result in results where result.drift != UnitCounts() {
            context.logger.warning(
                "Redis and the ledger differed",
                metadata: ["event": "\(result.event)", "drift": "\(result.drift)", "outcome": "\(result.outcome)"])
        }
        var object = JSONObject()
        object["events"] = .array(results.map { JSONObject($0) })
        object["drifted"] = .integer(results.count { $0.drift != UnitCounts() })
        return .json(object)
    }

    private static func limit(_ request: Request) throws -> Int {
        guard let text = request.uri.queryParameters["limit"] else { return 100 }
        guard let value = Int(text), (1...1000).contains(value) else {
            throw Problem.invalid("limit", "limit must be a whole number from 1 to 1000.")
        }
        return value
    }
}

extension JSONObject {
    fileprivate init(_ letter: DeadLetter) {
        self.init()
        self["id"] = .string(letter.id)
        self["at"] = letter.at.map { .string(RFC3339.text($0)) }
        self["reason"] = .string(letter.reason)
        // As it is, for whoever has to find out what it is; bytes that are not UTF-8 are replaced.
        self["entry"] = .string(String(decoding: letter.entry, as: UTF8.self))
        if let order = letter.order {
            self["ticket_id"] = .string(order.id.description)
            self["event"] = .string(order.event.description)
            self["quantity"] = .integer(order.quantity)
            self["status"] = .string(order.state.rawValue)
        }
    }

    fileprivate init(_ result: Reconciliation) {
        self.init()
        self["event"] = .string(result.event.description)
        switch result.outcome {
        case .consistent: self["outcome"] = .string("consistent")
        case .repaired: self["outcome"] = .string("repaired")
        case .notSafeToRepair: self["outcome"] = .string("not-safe-to-repair")
        case .notCompared(let reason):
            self["outcome"] = .string("not-compared")
            self["reason"] = .string(reason)
            return
        }
        self["under_way"] = .integer(result.underWay)
        var drift = JSONObject()
        drift["available"] = .integer(result.drift.available)
        drift["pending"] = .integer(result.drift.pending)
        drift["held"] = .integer(result.drift.held)
        drift["sold"] = .integer(result.drift.sold)
        self["drift"] = .object(drift)
    }
}
