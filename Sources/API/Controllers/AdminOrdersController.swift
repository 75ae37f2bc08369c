import Domain
import Engine
import Hummingbird
import Ledger
import RedisClient
import Runtime

/// Orders for operators, from the ledger. All routes require the admin token.
struct AdminOrdersController: Sendable {
    let access: AdminAccess
    let inventory: Inventory
    let ledger: Ledger
    let exports: LongResponses

    /// `GET /admin/orders`: a page, the newest first.
    func list(_ request: Request) async throws -> Response {
        _ = try access.viewer(request)
        let wanted = try OrderListRequest(request)
        var filter = OrderFilter(customer: wanted.customer, state: wanted.state)
        if let event = wanted.event { filter.event = try await range(of: event) }
        // The ledger has an order from the moment on at which it is not pending any more.
        let page =
            wanted.state == .pending
            ? OrderPage() : try await ledger.orders(filter, after: wanted.after, limit: wanted.limit)
        var object = JSONObject()
        object["orders"] = .array(page.orders.map { JSONObject($0) })
        object["next_after"] = page.next.map { .string($0.description) }
        return .json(object)
    }

    /// `GET /admin/orders/{id}`: what the ledger has, what Redis has, and how the order came there.
    func order(_ request: Request, _ context: APIRequestContext) async throws -> Response {
        _ = try access.viewer(request)
        let id = try OrdersController.orderID(context)
        let row = try await ledger.orderDetail(id)
        let live: Order?
        var object = JSONObject()
        do throws(RedisError) {
            live = try await record(of: id, row)
        } catch {
            guard row != nil else { throw error }
            live = nil
            object["live_unavailable"] = .boolean(true)
        }
        guard row != nil || live != nil else { throw Problem.orderNotFound(id) }
        object["order"] = row.map { .object(JSONObject($0)) }
        object["live"] = live.map { .object(JSONObject(live: $0)) }
        object["history"] = .array(OrderHistory(row, live).steps.map { JSONObject($0) })
        return .json(object)
    }

    /// The record in Redis; nil if there is none.
    private func record(of id: OrderID, _ row: LedgerOrder?) async throws(RedisError) -> Order? {
        if let order = try await inventory.order(id) { return order }
        guard let row, id.isMadeFromKey, let later = try await inventory.displacedOrder(id), later.version > row.version
        else { return nil }
        return later
    }

    /// `GET /admin/events/{id}/orders.csv`: all orders of the event, or those after `?after=`, the oldest first.
    func export(_ request: Request, _ context: APIRequestContext) async throws -> Response {
        _ = try access.viewer(request)
        let event = try EventID(checked: context.parameters.get("id") ?? "", field: "id")
        let after = try QueryParameters(request, known: ["after"]).order("after")
        let range = try await range(of: event)
        guard let place = exports.take(context.channel) else { throw Problem.noPlace(.tooManyExports, exports) }
        return try await OrderExport(ledger: ledger, range: range, place: place).response(after: after)
    }

    private func range(of event: EventID) async throws -> EventOrderRange {
        guard let range = try await ledger.orderRange(of: event) else {
            throw Problem(Refusal.eventUnknown, event: event)
        }
        return range
    }
}
