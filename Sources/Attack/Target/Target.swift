import Domain

/// What an attack buys from.
enum Target: Hashable, Sendable, CustomStringConvertible {
    case sale(event: String)
    case lab(strategy: String)

    var description: String {
        switch self {
        case .sale(let event): "the sale of '\(event)'"
        case .lab(let strategy): "the lab's strategy '\(strategy)'"
        }
    }

    var buyPath: String {
        switch self {
        case .sale: "/buy"
        case .lab(let strategy): "/lab/\(strategy)/buy"
        }
    }

    var accountPath: String {
        switch self {
        case .sale(let event): "/events/\(event)"
        case .lab(let strategy): "/lab/\(strategy)"
        }
    }

    /// The event of the orders' rows in the ledger; nil if the target writes none.
    var event: String? {
        switch self {
        case .sale(let event): event
        case .lab("queue"): EventID.lab.description
        case .lab: nil
        }
    }
}

/// The counters of the target.
struct Account: Hashable, Sendable {
    var capacity: Int
    var available: Int
    var held = 0
    var pending = 0
    var sold: Int

    /// Units of held, pending and sold orders.
    var taken: Int { held + pending + sold }
    var oversold: Int { max(0, taken - capacity) }
}
