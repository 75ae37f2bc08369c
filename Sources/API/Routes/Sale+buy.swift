import Domain
import HTTPTypes
import Hummingbird
import RedisClient
import Runtime

extension Sale {
    /// `POST /buy`
    func buy(_ request: Request, _ context: SaleContext) async throws -> Response {
        let key = try request.idempotencyKey()
        let wanted = try BuyRequest(try await request.jsonBody(limit: Self.bodyLimit))
        let purchase = Purchase(
            id: inventory.makeOrderID(
                for: wanted.event, at: .now, customer: wanted.customer, idempotencyKey: key),
            event: wanted.event, quantity: wanted.quantity, customer: wanted.customer)
        var outcome = try await claim(purchase, context)
        if case .refused(let refusal) = outcome, refusal == .eventUnknown || refusal == .recovering {
            // Redis may have lost the event, or a reset was cut off: Postgres knows.
            try await restore(wanted.event)
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

    /// Has an event filled into Redis that is missing or closed there; throws a problem where that has to wait.
    func restore(_ event: EventID) async throws {
        guard case .wait(let seconds) = try await restorer.restore(event) else { return }
        throw Problem.eventIsRecovered(seconds)
    }

    private func claim(_ purchase: Purchase, _ context: SaleContext) async throws -> ClaimOutcome {
        let begun = ContinuousClock.now
        do throws(RedisError) {
            let outcome = try await inventory.claim(purchase)
            metrics.record(outcome, after: ContinuousClock.now - begun)
            return outcome
        } catch {
            metrics.record(error, after: ContinuousClock.now - begun)
            guard error.mayHaveRun else { throw error }
            context.logger.warning(
                "the answer to a claim was lost", metadata: ["order": "\(purchase.id)", "reason": "\(error)"])
            throw Problem.claimUnknown(purchase)
        }
    }
}
