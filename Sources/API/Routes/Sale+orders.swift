import HTTPTypes
import Hummingbird
import NIOCore
import Shared

extension Sale {
    /// `GET /orders/{id}`: Redis's record while it has one, the ledger's row after that. Where the client would wait, until
    /// the order is final or in the ledger.
    func order(_ request: Request, _ context: SaleContext) async throws -> Response {
        let id = try orderID(context)
        let wait = try WaitPreference(request)
        let order = try await wait.seconds > 0 ? settled(id, within: .seconds(Int64(wait.seconds)), context) : find(id)
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

    /// The order once it is final or in the ledger, or as it is when the time is over, the client has left or the API stops.
    private func settled(_ id: OrderID, within limit: TimeAmount, _ context: SaleContext) async throws -> Order {
        // Watched before it is looked at, so that nothing falls between.
        guard let waiter = watch.watch(id) else { return try await find(id) }
        defer { watch.end(waiter) }
        let deadline = NIODeadline.now() + limit
        var order = try await find(id)
        guard !order.isSettled else { return order }
        let hasLeft = Flag()
        await context.whenClientLeaves {
            hasLeft.raise()
            waiter.wake()
        }
        while !order.isSettled, NIODeadline.now() < deadline, !hasLeft.isRaised, !watch.isClosed {
            await watch.wait(waiter, until: deadline)
            order = try await find(id)
        }
        await context.whenClientLeaves(nil)
        return order
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
        guard row.id.isMadeFromKey, let later = try await inventory.displacedOrder(id), later.version > row.version else {
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

extension Order {
    /// Whether a client that waits has what it waits for.
    fileprivate var isSettled: Bool { state.isFinal || isPersisted }
}
