import Domain
import Ledger

#if DEBUG
    import Foundation
    import Glibc
    import NIOConcurrencyHelpers
#endif

/// Places in which a worker can be made to die, for the tests of what happens then. Release builds have none of it.
///
/// The environment's `FAILPOINT` names one, with hyphens: `after-take`, `in-transaction`, `before-commit`, `after-commit`,
/// `in-acknowledgement`; or `poison` and `FAILPOINT_CUSTOMER` a customer whose orders end every worker that takes them.
enum Failpoint: Sendable {
    case afterTake, inTransaction, beforeCommit, afterCommit, inAcknowledgement

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
            }
        }

        private static func die() {
            kill(getpid(), SIGKILL)
        }

    #endif

    /// What a ledger calls between BEGIN and COMMIT; nil if no failpoint is there.
    static var settleProbe: Ledger.SettleProbe? {
        #if DEBUG
            guard wanted == "in-transaction" || wanted == "before-commit" else { return nil }
            return Ledger.SettleProbe(
                beforeStatement: { reach(.inTransaction) }, beforeCommit: { reach(.beforeCommit) })
        #else
            return nil
        #endif
    }

    /// Ends the process where this failpoint is set.
    static func reach(_ point: Failpoint) {
        #if DEBUG
            if wanted == point.name { die() }
        #endif
    }

    /// Ends the process where one of the orders is poison.
    static func meet(_ orders: [Order]) {
        #if DEBUG
            if wanted == "poison", orders.contains(where: { $0.customer == customer }) { die() }
        #endif
    }
}
