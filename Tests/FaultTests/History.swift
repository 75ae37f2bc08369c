import Foundation
import NIOConcurrencyHelpers

@testable import Domain

/// What a client asked for and what it was told: ok, refused or unknown. What it does not know may or may not have happened.
struct Operation: Hashable, Sendable {
    enum Kind: Hashable, Sendable {
        case buy(event: String, quantity: Int, customer: String, key: String?)
        case confirm(OrderID)
        case cancel(OrderID)
        case read(OrderID)
    }

    enum Outcome: Hashable, Sendable {
        /// The order, and its state.
        case ok(OrderID, OrderState)
        /// Nothing was changed, for this reason.
        case refused(String)
        /// The order that it may have become, where the answer names it.
        case unknown(OrderID?)
    }

    /// The order that was asked about.
    var order: OrderID? {
        switch kind {
        case .confirm(let id), .cancel(let id), .read(let id): id
        case .buy: nil
        }
    }

    var kind: Kind
    var outcome: Outcome
}

/// Everything that all clients saw, in the order in which they were told.
final class History: Sendable {
    private let box = NIOLockedValueBox<[Operation]>([])

    func add(_ kind: Operation.Kind, _ outcome: Operation.Outcome) {
        box.withLockedValue { $0.append(Operation(kind: kind, outcome: outcome)) }
    }

    var operations: [Operation] { box.withLockedValue { $0 } }
    var count: Int { box.withLockedValue { $0.count } }

    /// Purchases that were accepted so far.
    var accepted: Int {
        box.withLockedValue { operations in
            operations.count { operation in
                if case .buy = operation.kind, case .ok = operation.outcome { true } else { false }
            }
        }
    }
}
