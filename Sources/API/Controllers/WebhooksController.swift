import Domain
import Hummingbird
import Ledger
import Logging
import Runtime
import Webhooks

/// Endpoints that get changes, and what was delivered to them. All routes require an admin token.
struct WebhooksController: Sendable {
    let access: AdminAccess
    let ledger: Ledger
    let allowsPrivate: Bool

    /// `GET /admin/webhooks`
    func list(_ request: Request) async throws -> Response {
        _ = try access.viewer(request)
        var object = JSONObject()
        object["webhooks"] = .array(try await ledger.webhooks().map { JSONObject($0) })
        return .json(object)
    }

    /// `GET /admin/webhooks/{id}`
    func webhook(_ request: Request, _ context: APIRequestContext) async throws -> Response {
        _ = try access.viewer(request)
        return .json(JSONObject(try await find(try id(context))))
    }

    /// `PUT /admin/webhooks/{id}`: 201 with the secret if the endpoint is new, 200 if it existed.
    func put(_ request: Request, _ context: APIRequestContext) async throws -> Response {
        let author = try access.operator(request, context)
        let id = try id(context)
        let wanted = try WebhookRequest(
            try await request.jsonBody(limit: BodyLimit.administration), allowsPrivate: allowsPrivate)
        let secret = WebhookSecret()
        switch try await ledger.putWebhook(id, secret: secret.text, by: author, { wanted.applied(to: $0) }) {
        case .tooMany:
            throw Problem(.tooManyWebhooks, "There are \(Ledger.webhookLimit) webhooks. Delete one that is not used.")
        case .created:
            context.logger.notice("webhook created", metadata: ["webhook": "\(id)"])
            var object = JSONObject(try await find(id))
            object["secret"] = .string(secret.text)
            return .json(object, status: .created)
        case .changed:
            return .json(JSONObject(try await find(id)))
        }
    }

    /// `DELETE /admin/webhooks/{id}`: 204.
    func delete(_ request: Request, _ context: APIRequestContext) async throws -> Response {
        let author = try access.operator(request, context)
        let id = try id(context)
        _ = try StrictObject.read(try await request.jsonBody(limit: BodyLimit.standard), fields: [])
        guard try await ledger.deleteWebhook(id, by: author) else { throw Problem.webhookNotFound(id) }
        context.logger.notice("webhook deleted", metadata: ["webhook": "\(id)"])
        return Response(status: .noContent)
    }

    /// `POST /admin/webhooks/{id}/rotate`: another secret; the present one signs too for 24 hours.
    func rotate(_ request: Request, _ context: APIRequestContext) async throws -> Response {
        let author = try access.operator(request, context)
        let id = try id(context)
        _ = try StrictObject.read(try await request.jsonBody(limit: BodyLimit.standard), fields: [])
        let secret = WebhookSecret()
        guard try await ledger.rotateWebhook(id, secret: secret.text, by: author) else {
            throw Problem.webhookNotFound(id)
        }
        var object = JSONObject(try await find(id))
        object["secret"] = .string(secret.text)
        return .json(object)
    }

    /// `POST /admin/webhooks/{id}/test`: 202; the message is delivered like any other.
    func test(_ request: Request, _ context: APIRequestContext) async throws -> Response {
        let author = try access.operator(request, context)
        let id = try id(context)
        _ = try StrictObject.read(try await request.jsonBody(limit: BodyLimit.standard), fields: [])
        do {
            var object = JSONObject()
            object["delivery"] = .integer(try await ledger.testWebhook(id, by: author))
            return .json(object, status: .accepted)
        } catch let refusal as Ledger.WebhookRefusal {
            switch refusal {
            case .unknown: throw Problem.webhookNotFound(id)
            case .hasNoURL: throw Problem(.webhookWithoutURL, "The webhook \(id) has no url; its changes are read.")
            case .isPaused: throw Problem(.webhookPaused, "Set paused of the webhook \(id) to false first.")
            }
        }
    }

    /// `GET /admin/webhooks/{id}/deliveries`: a page, the newest first.
    func deliveries(_ request: Request, _ context: APIRequestContext) async throws -> Response {
        _ = try access.viewer(request)
        let endpoint = try await find(try id(context))
        let wanted = try DeliveriesRequest(try QueryParameters(request, known: DeliveriesRequest.known))
        // One more, to learn whether there is another page.
        let found = try await ledger.deliveries(
            of: endpoint, before: wanted.before, in: wanted.state, limit: wanted.limit + 1)
        var object = JSONObject()
        object["deliveries"] = .array(found.prefix(wanted.limit).map { JSONObject($0) })
        if found.count > wanted.limit { object["next_after"] = .integer(found[wanted.limit - 1].sequence) }
        return .json(object)
    }

    /// `POST /admin/webhooks/{id}/deliveries/{delivery}/retry`: 202; the message is sent again, whatever has become of it.
    func retry(_ request: Request, _ context: APIRequestContext) async throws -> Response {
        let author = try access.operator(request, context)
        let text = context.parameters.get("delivery") ?? ""
        guard let sequence = Int(text), sequence > 0, String(sequence) == text else {
            throw Problem.invalid("delivery", "delivery must be the id of a delivery, a whole number above 0.")
        }
        _ = try StrictObject.read(try await request.jsonBody(limit: BodyLimit.standard), fields: [])
        let endpoint = try await find(try id(context))
        guard try await ledger.retryDelivery(sequence, of: endpoint, by: author) else {
            throw Problem(
                .deliveryNotFound,
                "The webhook \(endpoint.id) has no delivery \(sequence), or what it delivers was removed.")
        }
        var object = JSONObject()
        object["delivery"] = .integer(sequence)
        return .json(object, status: .accepted)
    }

    private func find(_ id: String) async throws -> WebhookEndpoint {
        guard let endpoint = try await ledger.webhooks(id).first else { throw Problem.webhookNotFound(id) }
        return endpoint
    }

    /// It has the form of an event's id.
    private func id(_ context: APIRequestContext) throws(Problem) -> String {
        try EventID(checked: context.parameters.get("id") ?? "", field: "id").description
    }
}

extension Problem {
    static func webhookNotFound(_ id: String) -> Problem { Problem(.webhookNotFound, "There is no webhook \(id).") }
}
