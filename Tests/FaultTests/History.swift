import Foundation
import NIOConcurrencyHelpers

@testable import Domain

/// A request of a client and its outcome: ok, refused or unknown. A request with an unknown outcome may have been
/// executed.
struct Operation: Hashable, Sendable {
    enum Kind: Hashable, Sendable {
        case buy(event: String, quantity: Int, customer: String, key: String?)
        /// Takes a place on a waiting list, which is an order.
        case join(event: String, quantity: Int, customer: String, key: String)
        case confirm(OrderID)
        case cancel(OrderID)
        case read(OrderID)
    }

    enum Outcome: Hashable, Sendable {
        /// The request succeeded with this order in this state.
        case ok(OrderID, OrderState)
        /// Nothing was changed, for this reason.
        case refused(String)
        /// The request may have been executed. The order is that of the response, if it names one.
        case unknown(OrderID?)
    }

    /// The order of a request other than one that makes it.
    var order: OrderID? {
        switch kind {
        case .confirm(let id), .cancel(let id), .read(let id): id
        case .buy, .join: nil
        }
    }

    var kind: Kind
    var outcome: Outcome
}

/// The operations of all clients, in the order of their responses.
final class History: Sendable {
    private let box = NIOLockedValueBox<[Operation]>([])

    func add(_ kind: Operation.Kind, _ outcome: Operation.Outcome) {
        box.withLockedValue { $0.append(Operation(kind: kind, outcome: outcome)) }
    }

    var operations: [Operation] { box.withLockedValue { $0 } }
    var count: Int { box.withLockedValue { $0.count } }

    /// The number of accepted purchases.
    var accepted: Int {
        box.withLockedValue { operations in
            operations.count { operation in
                if case .buy = operation.kind, case .ok = operation.outcome { true } else { false }
            }
        }
    }
}
