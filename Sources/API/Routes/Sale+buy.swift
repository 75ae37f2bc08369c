import HTTPTypes
import Hummingbird
import Shared

extension Sale {
    /// `POST /buy`
    func buy(_ request: Request, _ context: SaleContext) async throws -> Response {
        let wanted = try BuyRequest(try await request.jsonBody(limit: Self.bodyLimit))
        let purchase = Purchase(
            id: inventory.makeOrderID(for: wanted.event, at: .now), event: wanted.event, quantity: wanted.quantity,
            customer: wanted.customer)
        var outcome = try await claim(purchase, context)
        if case .refused(let refusal) = outcome, refusal == .eventUnknown || refusal == .recovering {
            // Redis may have lost the event, or a reset was cut off: Postgres knows.
            guard try await restorer.restore(wanted.event) else {
                throw Problem(Refusal.recovering, event: wanted.event)
            }
            outcome = try await claim(purchase, context)
        }
        switch outcome {
        case .accepted:
            let headers: HTTPFields = [.location: "/orders/\(purchase.id)", .retryAfter: "1"]
            return .json(JSONObject(accepted: purchase), status: .accepted, headers: headers)
        case .refused(let refusal):
            throw Problem(refusal, event: wanted.event)
        }
    }

    private func claim(_ purchase: Purchase, _ context: SaleContext) async throws -> ClaimOutcome {
        do throws(RedisError) {
            return try await inventory.claim(purchase)
        } catch {
            guard error.mayHaveRun else { throw error }
            context.logger.warning(
                "the answer to a claim was lost", metadata: ["order": "\(purchase.id)", "reason": "\(error)"])
            throw Problem.claimUnknown(purchase.id)
        }
    }
}
