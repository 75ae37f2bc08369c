import Domain
import Ledger

#if DEBUG
    import Foundation
    import Glibc
#endif

/// Points at which tests make a worker die. Release builds have no failpoints.
///
/// The environment variable `FAILPOINT` names one: `after-take`, `in-transaction`, `before-commit`, `after-commit`,
/// `in-acknowledgement`, `after-delivery-claim` or `after-post`. With `FAILPOINT=poison`, every worker dies that takes an order of the customer that
/// `FAILPOINT_CUSTOMER` names.
enum Failpoint: Sendable {
    case afterTake, inTransaction, beforeCommit, afterCommit, inAcknowledgement, afterDeliveryClaim, afterPost

    #if DEBUG
        private static let wanted = ProcessInfo.processInfo.environment["FAILPOINT"]
        private static let customer = ProcessInfo.processInfo.environment["FAILPOINT_CUSTOMER"]

        private var name: String {
            switch self {
            case .afterTake: "after-take"
            case .inTransaction: "in-transaction"
            case .beforeCommit: "before-commit"
            case .afterCommit: "after-commit"
            case .inAcknowledgement: "in-acknowledgement"
            case .afterDeliveryClaim: "after-delivery-claim"
            case .afterPost: "after-post"
            }
        }

        private static func die() {
            kill(getpid(), SIGKILL)
        }

    #endif

    /// The probe that the ledger calls between BEGIN and COMMIT; nil if the failpoint is elsewhere.
    static var settleProbe: Ledger.SettleProbe? {
        #if DEBUG
            guard wanted == "in-transaction" || wanted == "before-commit" else { return nil }
            return Ledger.SettleProbe(
                beforeStatement: { reach(.inTransaction) }, beforeCommit: { reach(.beforeCommit) })
        #else
            return nil
        #endif
    }

    /// Kills the process if this failpoint is set.
    static func reach(_ point: Failpoint) {
        #if DEBUG
            if wanted == point.name { die() }
        #endif
    }

    /// Kills the process if one of the orders is poison.
    static func meet(_ orders: [Order]) {
        #if DEBUG
            if wanted == "poison", orders.contains(where: { $0.customer == customer }) { die() }
        #endif
    }
}
