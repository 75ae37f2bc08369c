import Domain
import Engine
import Logging
import NIOCore
import RedisClient

/// Purchases and orders: what a request means, and what its result means for the client.
struct OrderService: Sendable {
    let inventory: Inventory
    let lookup: OrderLookup
    let restorer: EventRestorer
    let metrics: ClaimMetrics
    let logger: Logger

    /// The purchase that a request describes. Throws a problem if the request is not valid.
    ///
    /// - Parameter random: for the order's id.
    func purchase(
        _ headers: BuyHeaders, body: ByteBuffer, using random: inout RandomPool
    ) throws(Problem) -> Purchase {
        let key = try IdempotencyKey.read(headers.keys)
        try JSONBody.check(headers.contentType, of: body)
        let wanted = try BuyRequest(body)
        return Purchase(
            id: inventory.makeOrderID(
                for: wanted.event, at: .now, customer: wanted.customer, idempotencyKey: key,
                using: &random),
            event: wanted.event, quantity: wanted.quantity, customer: wanted.customer)
    }

    /// Publishes the event from the ledger, and claims once more.
    func restoreAndClaim(_ purchase: Purchase, id: RequestID) async throws -> APIResponse {
        try await restorer.restoreOrThrow(purchase.event)
        let start = NIODeadline.now()
        let result: Result<ClaimOutcome, RedisError>
        do throws(RedisError) {
            result = .success(try await inventory.claim(purchase))
        } catch {
            result = .failure(error)
        }
        metrics.record(result, after: NIODeadline.now() - start)
        switch result {
        case .success(let outcome): return APIResponse(outcome, of: purchase)
        case .failure(let error): throw problem(of: error, claiming: purchase, id: id)
        }
    }

    /// The problem that the failure of a claim is reported as.
    func problem(of error: RedisError, claiming purchase: Purchase, id: RequestID) -> Problem {
        guard error.mayHaveRun else { return Problem(error, id: id.description, logger: logger) }
        logger.warning(
            "the response to a claim was lost",
            metadata: ["request": "\(id)", "order": "\(purchase.id)", "reason": "\(error)"])
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

extension APIResponse {
    /// The response to a claim that Redis has answered.
    init(_ outcome: ClaimOutcome, of purchase: Purchase) {
        switch outcome {
        case .accepted(let acceptance): self.init(accepted: purchase, as: acceptance)
        case .refused(let refusal): self.init(Problem(refusal, event: purchase.event))
        }
    }
}
