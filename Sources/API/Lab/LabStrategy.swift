import Domain

/// One way to sell what is in stock. The lab sells the same stock in each, side by side, so that they can be compared.
protocol LabStrategy: Sendable {
    /// Its name in paths.
    var name: String { get }
    /// What it does, in a line.
    var summary: String { get }
    /// Whether it sells exactly what there is.
    var isExact: Bool { get }

    /// Makes sure that there is something to sell from; stock that is there stays as it is.
    func prepare(capacity: Int) async throws
    /// Puts `capacity` units into stock and forgets what was sold.
    func reset(to capacity: Int) async throws
    func buy(_ quantity: Int) async throws -> LabSale
    func account() async throws -> LabAccount
}

extension LabStrategy {
    var isExact: Bool { true }
}

/// What a purchase in the lab came to.
enum LabSale: Hashable {
    case sold
    /// Taken by the real path, which leads to an order.
    case accepted(Purchase, Acceptance)
    /// Refused by the real path.
    case refused(Refusal)
    /// Fewer are left than asked for.
    case soldOut
    /// There is no stock; it has to be reset.
    case notStocked
}

/// What a strategy has sold.
struct LabAccount: Hashable {
    var capacity: Int
    var sold: Int
    var stock: Int

    /// Units that were sold and never existed.
    var oversold: Int { max(0, sold - capacity) }
}
