import HTTPTypes
import Hummingbird
import Shared

extension Sale {
    /// `GET /orders/{id}`: Redis's record while it has one, the ledger's row after that.
    func order(_ context: SaleContext) async throws -> Response {
        guard let id = context.parameters.get("id").flatMap({ OrderID($0) }) else {
            throw Problem.invalid("id", "An order's id is a UUID.")
        }
        guard let order = try await find(id) else {
            throw Problem(.orderNotFound, "There is no order '\(id)'.")
        }
        return .json(JSONObject(order), headers: order.state == .pending ? [.retryAfter: "1"] : [:])
    }

    private func find(_ id: OrderID) async throws -> Order? {
        do throws(RedisError) {
            if let order = try await inventory.order(id) { return order }
        } catch {
            // With Redis away the ledger can still vouch for an order, but its silence says nothing.
            if let order = try await ledger.order(id) { return order }
            throw error
        }
        return try await ledger.order(id)
    }
}
