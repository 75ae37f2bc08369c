import Domain
import Engine
import Ledger
import RedisClient

/// Reads orders: Redis's record while it exists, the ledger's row after that.
struct OrderLookup: Sendable {
    let inventory: Inventory
    let ledger: Ledger

    /// The order; nil if neither store has it. Throws Redis's error if Redis is unavailable and the ledger does not have
    /// the order: then whether it exists is not known.
    func find(_ id: OrderID) async throws -> Order? {
        let record: Result<Order?, RedisError>
        do throws(RedisError) {
            record = .success(try await inventory.order(id))
        } catch {
            record = .failure(error)
        }
        return try await find(id, after: record)
    }

    /// As ``find(_:)``, after Redis's record has been read.
    func find(_ id: OrderID, after record: Result<Order?, RedisError>) async throws -> Order? {
        switch record {
        case .success(let order?): return order
        case .success(nil): break
        case .failure(let error):
            if let order = try await ledger.order(id) { return order }
            throw error
        }
        guard let row = try await ledger.order(id) else { return nil }
        guard row.id.isMadeFromKey, let later = try await inventory.displacedOrder(id), later.version > row.version
        else {
            return row
        }
        return later
    }

    /// The order that a request waits for, after Redis's record has been read.
    func check(_ id: OrderID, after record: Result<Order?, RedisError>) async -> OrderCheck {
        do {
            return try await find(id, after: record).map { .present($0) } ?? .absent
        } catch {
            return .unknown
        }
    }

    /// Whether a request that waits for the order can be answered: see ``OrderCheck/isSettled``. Also true if a store fails,
    /// because then the route reports the reason.
    func isSettled(_ id: OrderID) async -> Bool {
        guard let order = try? await find(id) else { return true }
        return OrderCheck.present(order).isSettled
    }
}
