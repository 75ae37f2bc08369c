/// The purchases of one event loop since they were last taken, by outcome. Plain numbers: counting one takes neither a lock nor
/// memory.
struct PurchaseTally: Hashable, Sendable {
    private(set) var accepted = 0
    private(set) var replayed = 0
    private(set) var failed = 0
    private(set) var refused: [ProblemCode: Int] = [:]

    /// Counts a purchase by its response.
    mutating func note(_ response: APIResponse) {
        switch response.problem {
        case nil: if response.isReplay { replayed += 1 } else { accepted += 1 }
        case .storeUnavailable, .internalError: failed += 1
        case let code?: refused[code, default: 0] += 1
        }
    }

    mutating func add(_ other: PurchaseTally) {
        accepted += other.accepted
        replayed += other.replayed
        failed += other.failed
        refused.merge(other.refused) { $0 + $1 }
    }
}
