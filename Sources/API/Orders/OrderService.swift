import Domain
import Engine
import Logging
import NIOCore
import RedisClient
import Runtime

/// Purchases and orders: what a request means, and what its result means for the client.
struct OrderService: Sendable {
    let inventory: Inventory
    let lookup: OrderLookup
    let restorer: EventRestorer
    let metrics: ClaimMetrics
    let proxies: TrustedProxies
    /// Verifies the tokens of customers; nil if the body of a purchase names its customer.
    let tokens: CustomerTokens?
    /// Reads the passes of waiting rooms.
    let signer: RoomSigner
    let logger: Logger

    /// The purchase that a request describes. Throws a problem if the request is not valid.
    ///
    /// - Parameter random: for the order's id.
    func purchase(
        _ headers: ClientHeaders, body: ByteBuffer, using random: inout RandomPool
    ) throws(Problem) -> Purchase {
        let key = try IdempotencyKey.read(headers.keys)
        try JSONBody.check(headers.contentType, of: body)
        var wanted = try BuyRequest(body)
        if let tokens {
            wanted.customer = try tokens.customer(headers.authorization, named: wanted.customer, at: .now)
        }
        let purchase = inventory.makePurchase(
            of: wanted.event, quantity: wanted.quantity, customer: wanted.customer, idempotencyKey: key, at: .now,
            using: &random)
        guard var purchase else { throw .redisIsRecovering }
        if let pass = headers.passes.first {
            guard headers.passes.count == 1 else { throw .passInvalid }
            purchase.pass = try signer.pass(pass, event: wanted.event, customer: wanted.customer)
        }
        return purchase
    }

    /// The address of a purchase's client, for events that count the orders or holds of addresses.
    func address(of client: ClientSource) -> String { client.text(trusting: proxies) }

    /// Publishes the event from the ledger, and claims once more.
    func restoreAndClaim(_ purchase: Purchase, id: RequestID) async throws -> APIResponse {
        do {
            try await restorer.restoreOrThrow(purchase.event)
        } catch let problem as Problem where problem.code == .eventArchived {
            throw Problem(Refusal.closed, event: purchase.event)
        }
        let start = NIODeadline.now()
        let result: Result<ClaimOutcome, RedisError>
        do throws(RedisError) {
            result = .success(try await inventory.claim(purchase))
        } catch {
            result = .failure(error)
        }
        metrics.record(result, after: NIODeadline.now() - start)
        switch result {
        case .success(.clientRequired): throw Problem(Refusal.recovering, event: purchase.event)
        case .success(.inLedger(let first)): return try await replay(first, of: purchase)
        case .success(.accepted(let acceptance)): return APIResponse(accepted: purchase, as: acceptance)
        case .success(.refused(let refusal)): return APIResponse(Problem(refusal, event: purchase.event))
        case .failure(let error): throw problem(of: error, claiming: purchase, id: id)
        }
    }

    /// The response to a purchase whose idempotency key led to an order that only the ledger has.
    func replay(_ first: OrderID, of purchase: Purchase) async throws -> APIResponse {
        // Without a row, the event has been reset since the claim: the key can be used again.
        guard let order = try await lookup.find(first) else { throw Problem(Refusal.recovering, event: purchase.event) }
        guard order.event == purchase.event, order.customer == purchase.customer, order.quantity == purchase.quantity
        else { return APIResponse(Problem(Refusal.idempotencyKeyReused, event: purchase.event)) }
        return APIResponse(
            accepted: purchase, as: Acceptance(order: first, expiresAt: order.expiresAt, isReplay: true))
    }

    /// The problem that the failure of a claim is reported as.
    func problem(of error: RedisError, claiming purchase: Purchase, id: RequestID) -> Problem {
        guard error.mayHaveRun else { return Problem(error, id: id, logger: logger) }
        LimitedLog.requests.log(
            .warning, "the response to a claim was lost",
            id.metadata.merging(["order": "\(purchase.id)", "reason": "\(error)"]) { $1 }, limit: .ofService,
            to: logger)
        return .claimUnknown(purchase)
    }

    /// The response with the current state of an order whose record has been read from Redis. Throws a problem if there is
    /// no such order, or a store's error.
    func response(
        _ id: OrderID, _ wait: WaitPreference, after record: Result<Order?, RedisError>
    ) async throws -> APIResponse {
        guard let order = try await lookup.find(id, after: record) else { throw Problem.orderNotFound(id) }
        return APIResponse(order, wait)
    }
}
