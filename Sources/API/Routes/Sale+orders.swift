import Domain
import HTTPTypes
import Hummingbird
import NIOCore
import RedisClient
import Runtime

extension Sale {
    /// `GET /orders/{id}`: Redis's record while it has one, the ledger's row after that. Where the client would wait, it has
    /// done so when this is called (see ``WaitingGate``).
    func order(_ request: Request, _ context: SaleContext) async throws -> Response {
        let id = try orderID(context)
        let wait = try WaitPreference(uri: request.uri, headers: request.headers)
        let order = try await find(id)
        var headers: HTTPFields = order.state == .pending ? [.retryAfter: "1"] : [:]
        if wait.isFromHeader { headers[.preferenceApplied] = "wait=\(wait.seconds)" }
        return .json(JSONObject(order), headers: headers)
    }

    /// `POST /orders/{id}/confirm` and `/cancel`
    func change(
        _ transition: OrderTransition, _ request: Request, _ context: SaleContext
    ) async throws -> Response {
        let id = try orderID(context)
        // There is nothing to say in a body.
        _ = try StrictObject.read(try await request.jsonBody(limit: Self.bodyLimit), fields: [])
        let order = try await find(id)
        var outcome = try await inventory.change(order, by: transition)
        if outcome == .recovering {
            try await restore(order.event)
            outcome = try await inventory.change(order, by: transition)
        }
        switch outcome {
        case .done(let order), .already(let order): return .json(JSONObject(changed: order))
        case .conflict(let order): throw Problem(order, against: transition)
        case .holdExpired: throw Problem.holdExpired
        case .orderUnknown: throw Self.notFound(id)
        case .recovering: throw Problem(Refusal.recovering, event: order.event)
        }
    }

    /// Whether a client that waits for an order has what it waits for. A failure, and an order that there is not, are for
    /// the route to meet and tell.
    func isSettled(_ id: OrderID) async -> Bool {
        guard let order = try? await find(id) else { return true }
        return order.state.isFinal || order.isPersisted
    }

    private func find(_ id: OrderID) async throws -> Order {
        do throws(RedisError) {
            if let order = try await inventory.order(id) { return order }
        } catch {
            // With Redis away the ledger can still vouch for an order, but its silence says nothing.
            if let order = try await ledger.order(id) { return order }
            throw error
        }
        guard let row = try await ledger.order(id) else { throw Self.notFound(id) }
        guard row.id.isMadeFromKey, let later = try await inventory.displacedOrder(id), later.version > row.version
        else {
            return row
        }
        return later
    }

    private func orderID(_ context: SaleContext) throws(Problem) -> OrderID {
        guard let id = context.parameters.get("id").flatMap({ OrderID($0) }) else {
            throw .invalid("id", "An order's id is a UUID.")
        }
        return id
    }

    private static func notFound(_ id: OrderID) -> Problem {
        Problem(.orderNotFound, "There is no order '\(id)'.")
    }
}
