import Domain

/// What is bought from.
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

    /// The event whose rows in the ledger are the orders; nil where there are none.
    var event: String? {
        switch self {
        case .sale(let event): event
        case .lab("queue"): EventID.lab.description
        case .lab: nil
        }
    }
}

/// Where the target's units are, by its own account.
struct Account: Hashable, Sendable {
    var capacity: Int
    var available: Int
    var held = 0
    var pending = 0
    var sold: Int

    /// Units that somebody has.
    var taken: Int { held + pending + sold }
    var oversold: Int { max(0, taken - capacity) }
}
