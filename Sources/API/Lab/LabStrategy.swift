import Domain

/// One way to sell stock. The lab sells the same stock with each strategy, so that they can be compared.
protocol LabStrategy: Sendable {
    /// Its name in paths.
    var name: String { get }
    /// A description in one line.
    var summary: String { get }
    /// Whether it never oversells.
    var isExact: Bool { get }

    /// Creates the stock if there is none. Existing stock is unchanged.
    func prepare(capacity: Int, by author: AuditAuthor) async throws
    /// Sets the stock to `capacity` units and deletes the sales.
    func reset(to capacity: Int, by author: AuditAuthor) async throws
    func buy(_ quantity: Int) async throws -> LabSale
    /// The counts of the strategy.
    func account() async throws -> LabAccount
}

extension LabStrategy {
    var isExact: Bool { true }
}

/// The outcome of a purchase in the lab.
enum LabSale: Hashable {
    case sold
    /// Accepted by ``QueueStrategy``; the order follows.
    case accepted(Purchase, Acceptance)
    /// Refused by ``QueueStrategy``.
    case refused(Refusal)
    /// Fewer units are left than requested.
    case soldOut
    /// There is no stock; a reset creates it.
    case notStocked
}

/// The counts of a strategy.
struct LabAccount: Hashable {
    var capacity: Int
    var sold: Int
    var stock: Int

    /// Units that were sold but do not exist.
    var oversold: Int { max(0, sold - capacity) }
}
