import Domain
import Engine

extension OrderService {
    /// Confirms or cancels an order, and returns it as it is after that. Throws a problem if its state does not allow it.
    func change(_ order: Order, by transition: OrderTransition) async throws -> Order {
        var outcome = try await inventory.change(order, by: transition)
        if outcome == .recovering {
            try await restorer.restoreOrThrow(order.event)
            outcome = try await inventory.change(order, by: transition)
        }
        switch outcome {
        case .done(let order), .already(let order): return order
        case .conflict(let order): throw Problem(order, against: transition)
        case .holdExpired: throw Problem.holdExpired
        case .orderUnknown: throw Problem.orderNotFound(order.id)
        case .recovering: throw Problem(Refusal.recovering, event: order.event)
        }
    }
}
