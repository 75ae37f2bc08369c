import Domain
import Engine
import HTTPTypes
import Hummingbird
import Logging
import RedisClient
import Runtime

extension OrdersController {
    /// `POST /buy`
    func buy(_ request: Request, _ context: APIRequestContext) async throws -> Response {
        let key = try request.idempotencyKey()
        let wanted = try BuyRequest(try await request.jsonBody(limit: BodyLimit.standard))
        let purchase = Purchase(
            id: inventory.makeOrderID(
                for: wanted.event, at: .now, customer: wanted.customer, idempotencyKey: key),
            event: wanted.event, quantity: wanted.quantity, customer: wanted.customer)
        var outcome = try await claim(purchase, context)
        if case .refused(let refusal) = outcome, refusal == .eventUnknown || refusal == .recovering {
            // Redis may have lost the event, or a reset may have been interrupted. The ledger has the event.
            try await restorer.restoreOrThrow(wanted.event)
            outcome = try await claim(purchase, context)
        }
        switch outcome {
        case .accepted(let acceptance):
            var headers: HTTPFields = [.location: "/orders/\(acceptance.order)", .retryAfter: "1"]
            if acceptance.isReplay { headers[.idempotentReplayed] = "true" }
            return .json(JSONObject(accepted: purchase, as: acceptance), status: .accepted, headers: headers)
        case .refused(let refusal):
            throw Problem(refusal, event: wanted.event)
        }
    }

    private func claim(_ purchase: Purchase, _ context: APIRequestContext) async throws -> ClaimOutcome {
        let start = ContinuousClock.now
        do throws(RedisError) {
            let outcome = try await inventory.claim(purchase)
            metrics.record(outcome, after: ContinuousClock.now - start)
            return outcome
        } catch {
            metrics.record(error, after: ContinuousClock.now - start)
            guard error.mayHaveRun else { throw error }
            context.logger.warning(
                "the response to a claim was lost", metadata: ["order": "\(purchase.id)", "reason": "\(error)"])
            throw Problem.claimUnknown(purchase)
        }
    }
}
