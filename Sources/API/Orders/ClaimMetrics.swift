import Domain
import Metrics
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
        .allHeld, .soldOut, .idempotencyKeyReused,
    ]

    init() {
        refused = Dictionary(
            uniqueKeysWithValues: Self.refusals.map { ($0, Self.counter("refused", $0.rawValue)) })
    }

    private static func counter(_ outcome: String, _ reason: String) -> Counter {
        Counter(label: "ticketblitz_claims_total", dimensions: [("outcome", outcome), ("reason", reason)])
    }

    /// Records a claim that Redis has answered.
    func record(_ outcome: ClaimOutcome, after time: Duration) {
        duration.record(duration: time)
        switch outcome {
        case .accepted(let acceptance): (acceptance.isReplay ? replayed : accepted).increment()
        case .refused(let refusal): refused[Problem(refusal, event: .demo).code]?.increment()
        }
    }

    /// Records a claim that failed.
    func record(_ error: RedisError, after time: Duration) {
        duration.record(duration: time)
        if error.code == .preconditionFailed {
            refused[.recovering]?.increment()
        } else {
            (error.mayHaveRun ? unknown : failed).increment()
        }
    }
}
