import Domain
import Engine
import RedisClient

extension OrderService {
    /// Takes a place on the waiting list of an event, and returns its order, which is the order of an earlier request if the
    /// idempotency key is the same. Throws a problem if the place is refused.
    func join(_ place: Purchase) async throws -> (order: Order, isReplay: Bool) {
        switch try await outcome(of: place) {
        case .joined(let id): return (try await taken(id, of: place), false)
        case .replayed(let id): return (try await taken(id, of: place), true)
        case .inLedger(let id):
            let order = try await placed(id, of: place)
            guard order.event == place.event, order.customer == place.customer, order.quantity == place.quantity
            else { throw Problem(Refusal.idempotencyKeyReused, event: place.event) }
            return (order, true)
        case .refused(let refusal): throw Problem(refusal, event: place.event)
        }
    }

    private func outcome(of place: Purchase) async throws -> WaitOutcome {
        let first = try await inventory.join(place)
        guard first == .refused(.eventUnknown) || first == .refused(.recovering) else { return first }
        // Redis may have lost the event, or a reset may have been interrupted. The ledger has the event.
        do {
            try await restorer.restoreOrThrow(place.event)
        } catch let problem as Problem where problem.code == .eventArchived {
            return .refused(.closed)
        }
        return try await inventory.join(place)
    }

    /// The order of a place that Redis has. If it cannot be read, the response must not say that nothing was changed.
    private func taken(_ id: OrderID, of place: Purchase) async throws -> Order {
        var place = place
        place.id = id
        guard let order = try? await lookup.find(id) else { throw Problem.claimUnknown(place) }
        return order
    }

    /// The order of a place that only the ledger has. Without a record and a row, the event has been reset since.
    private func placed(_ id: OrderID, of place: Purchase) async throws -> Order {
        guard let order = try await lookup.find(id) else { throw Problem(Refusal.recovering, event: place.event) }
        return order
    }
}
