import Domain
import NIOCore
import NIOHTTP1
import Runtime

/// Places in waiting rooms: who may have one.
struct RoomJoins: Sendable {
    let rooms: Rooms
    let views: EventViews
    /// Verifies the tokens of customers; nil if the body names the customer.
    let tokens: CustomerTokens?
    let proxies: TrustedProxies
    /// Nil: everybody may join.
    let proof: ProofCheck?

    /// `POST /events/{id}/room`: 201 with the place, the same one for the same customer or key.
    func response(
        _ event: EventID, _ headers: ClientHeaders, body: ByteBuffer, peer: IPAddress?
    ) async throws -> APIResponse {
        let (key, customer) = try read(headers, body: body)
        if customer == nil { try await requireNone(event) }
        try await checkProof(event, customer, headers, peer)
        let standing = try await rooms.join(event, customer: customer, key: key)
        return try APIResponse(standing, .created, signedBy: rooms.signer)
    }

    /// Who joins, if only Redis has to be asked for that; nil if other checks come first.
    func joining(
        _ event: EventID, _ headers: ClientHeaders, body: ByteBuffer
    ) throws(Problem) -> Rooms.Joining? {
        let (key, customer) = try read(headers, body: body)
        guard let customer, proof == nil else { return nil }
        return try rooms.joining(event, customer: customer, key: key)
    }

    private func read(
        _ headers: ClientHeaders, body: ByteBuffer
    ) throws(Problem) -> (key: String?, customer: String?) {
        let key = try IdempotencyKey.read(headers.keys)
        try JSONBody.check(headers.contentType, of: body)
        var customer = try StrictObject.read(body, fields: ["customer"])?.text("customer")
        if let customer, !BuyRequest.isCustomer(customer) { throw Problem.invalidCustomer }
        if let tokens { customer = try tokens.customer(headers.authorization, named: customer, at: .now) }
        return (key, customer)
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
        _ event: EventID, _ customer: String?, _ headers: ClientHeaders, _ peer: IPAddress?
    ) async throws {
        guard let proof else { return }
        let client = ClientSource(peer: peer, forwardedFor: headers.forwardedFor)
        try await proof.check(
            ProofCheck.Question(
                event: event, customer: customer, address: client.address(trusting: proxies)?.description,
                proof: headers.proofs.isEmpty ? nil : headers.proofs.joined(separator: ", ")))
    }
}

extension APIResponse {
    /// A place, as it is now.
    init(
        _ standing: Rooms.Standing, _ status: HTTPResponseStatus = .ok, signedBy signer: RoomSigner
    ) throws(Problem) {
        self.init(status, try JSONObject(standing, signedBy: signer).bytes)
        retryAfterSeconds = standing.state.secondsToNextLook
        isReplay = standing.isReplay
    }
}
