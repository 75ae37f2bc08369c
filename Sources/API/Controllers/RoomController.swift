import Domain
import HTTPTypes
import Hummingbird
import RedisSchema
import Runtime

/// Waiting rooms: places in them, and what everybody can see of them.
struct RoomController: Sendable {
    let rooms: Rooms
    let views: EventViews
    /// Verifies the tokens of customers; nil if the body names the customer.
    let tokens: CustomerTokens?
    let proxies: TrustedProxies
    /// Nil: everybody may join.
    let proof: ProofCheck?
    /// Requests that wait, and streams.
    let waits: LongResponses

    private static let interval = Duration.milliseconds(250)

    /// `POST /events/{id}/room`: 201 with the place, the same one for the same customer or key.
    func join(_ request: Request, _ context: APIRequestContext) async throws -> Response {
        let event = try Self.eventID(context)
        let key = try IdempotencyKey.read(request.headers[values: .idempotencyKey])
        let body = try StrictObject.read(try await request.jsonBody(limit: BodyLimit.standard), fields: ["customer"])
        var customer = try body?.text("customer")
        if let customer, !BuyRequest.isCustomer(customer) { throw Problem.invalidCustomer }
        if let tokens {
            customer = try tokens.customer(request.headers[values: .authorization], named: customer, at: .now)
        }
        if customer == nil { try await requireNone(event) }
        try await checkProof(event, customer, request, context)
        let standing = try await rooms.join(event, customer: customer, key: key)
        var response = try response(to: standing, status: .created)
        if standing.isReplay { response.headers[.idempotentReplayed] = "true" }
        return response
    }

    /// An event with a limit for each customer gives places to customers only: its passes are bought with as customers.
    private func requireNone(_ event: EventID) async throws {
        guard let view = try await views.outcome(of: event).get().view else {
            throw Problem(Refusal.eventUnknown, event: event)
        }
        if view.report.terms.customerLimit != nil, view.report.terms.hasRoom {
            throw Problem(Refusal.customerRequired, event: event)
        }
    }

    private func checkProof(
        _ event: EventID, _ customer: String?, _ request: Request, _ context: APIRequestContext
    ) async throws {
        guard let proof else { return }
        let client = ClientSource(peer: context.peer, forwardedFor: request.headers[values: .forwardedFor])
        try await proof.check(
            ProofCheck.Question(
                event: event, customer: customer, address: client.address(trusting: proxies)?.description,
                proof: request.headers[.admissionProof]))
    }

    /// `GET /room/{place}`. With a wait, the response is sent when the state is another one than when the request arrived. It is
    /// sent at once if the place is admitted or cannot be, and if too many requests wait already.
    func place(_ request: Request, _ context: APIRequestContext) async throws -> Response {
        let text = context.parameters.get("place") ?? ""
        let wait = try WaitPreference(uri: request.uri, headers: request.headers)
        let deadline = ContinuousClock.now + .seconds(wait.seconds)
        var standing = try await rooms.standing(of: text)
        let first = standing.outline
        let waiting = wait.seconds > 0 && standing.state.isWaitedFor ? waits.take(context.channel) : nil
        while waiting != nil, !waits.isClosing, standing.outline == first, ContinuousClock.now < deadline {
            try await Task.sleep(for: min(Self.interval, deadline - ContinuousClock.now))
            standing = try await rooms.standing(of: text)
        }
        withExtendedLifetime(waiting) {}
        var response = try response(to: standing, status: .ok)
        if wait.isFromHeader { response.headers[.preferenceApplied] = "wait=\(wait.seconds)" }
        return response
    }

    /// `GET /events/{id}/room`
    func room(_ request: Request, _ context: APIRequestContext) async throws -> Response {
        let event = try Self.eventID(context)
        let view = try await rooms.view(of: event)
        guard view.reading.rate != nil else { throw Problem.noRoom(event) }
        return .json(JSONObject(view), headers: [.cacheControl: APIResponse.Caching.shared.rawValue])
    }

    private func response(to standing: Rooms.Standing, status: HTTPResponse.Status) throws -> Response {
        var headers: HTTPFields = [.cacheControl: APIResponse.Caching.none.rawValue]
        if let seconds = standing.state.secondsToNextLook { headers[.retryAfter] = String(seconds) }
        return .json(try JSONObject(standing, signedBy: rooms.signer), status: status, headers: headers)
    }

    private static func eventID(_ context: APIRequestContext) throws(Problem) -> EventID {
        try EventID(checked: context.parameters.get("id") ?? "", field: "id")
    }
}
