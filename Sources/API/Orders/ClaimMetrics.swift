import Domain
import Metrics
import NIOCore
import RedisClient

/// Counts claims by their outcome and records their duration. The label values are codes of this program, so their number is
/// bounded.
struct ClaimMetrics: Sendable {
    private let accepted = Self.counter("accepted", "new")
    private let replayed = Self.counter("accepted", "replayed")
    private let refused: [ProblemCode: Counter]
    private let failed = Self.counter("failed", "store-unavailable")
    private let unknown = Self.counter("failed", "outcome-unknown")
    private let duration = Metrics.Timer(label: "ticketblitz_claim_duration_seconds")

    /// The codes of refused claims.
    private static let refusals: [ProblemCode] = [
        .eventNotFound, .recovering, .notOnSale, .invalidRequest, .customerLimit, .queueFull, .insufficientStock,
        .allHeld, .soldOut, .idempotencyKeyReused, .orderLimit, .holdLimit, .holdPaused,
        .passRequired, .passInvalid, .passExpired, .passUsed,
    ]

    init() {
        refused = Dictionary(
            uniqueKeysWithValues: Self.refusals.map { ($0, Self.counter("refused", $0.rawValue)) })
    }

    private static func counter(_ outcome: String, _ reason: String) -> Counter {
        Counter(label: "ticketblitz_claims_total", dimensions: [("outcome", outcome), ("reason", reason)])
    }

    /// Records a claim.
    ///
    /// - Parameter time: from the request until Redis's reply, or until the claim failed.
    func record(_ result: Result<ClaimOutcome, RedisError>, after time: TimeAmount) {
        duration.recordNanoseconds(time.nanoseconds)
        switch result {
        case .success(.accepted(let acceptance)): (acceptance.isReplay ? replayed : accepted).increment()
        case .success(.clientRequired): refused[.recovering]?.increment()
        case .success(.inLedger): replayed.increment()
        case .success(.refused(let refusal)): refused[ProblemCode(refusal)]?.increment()
        case .failure(let error) where error.code == .preconditionFailed: refused[.recovering]?.increment()
        case .failure(let error): (error.mayHaveRun ? unknown : failed).increment()
        }
    }
}
