/// Why a call has no result.
public enum SaleError: Error, Hashable, Sendable {
    /// The API has refused the request. Nothing was changed, and repeating it now does not help.
    case refused(Problem)
    /// No attempt can have changed anything, and the time is over. The same call can be made again later.
    case unavailable(Failure)
    /// The time is over, or the task was cancelled, and an attempt may have been carried out. The same call settles it: with
    /// ``Failure/key`` for a purchase, and in any case for a confirmation or a cancellation.
    case outcomeUnknown(Failure)

    /// The end of a call that no response has settled.
    public struct Failure: Hashable, Sendable {
        /// What the last attempt led to.
        public var cause: Cause
        /// The number of attempts.
        public var attempts: Int
        /// The key of the purchase, or of the place in a waiting room or on a waiting list; nil for other calls.
        public var key: IdempotencyKey?
        /// The order that may exist, if a response named it.
        public var ticket: String?
    }

    /// What an attempt led to, if not to the wanted response.
    public enum Cause: Hashable, Sendable {
        case problem(Problem)
        case attempt(AttemptFailure)
        /// The API accepted the request, and the response cannot be read.
        case unreadable(status: Int)
    }

    /// The problem document of the last response, if it was one.
    public var problem: Problem? {
        switch self {
        case .refused(let problem): problem
        case .unavailable(let failure), .outcomeUnknown(let failure): failure.cause.problem
        }
    }
}

extension SaleError.Cause {
    var problem: Problem? {
        if case .problem(let problem) = self { problem } else { nil }
    }

    /// Whether the same request can have another outcome later.
    var mayPass: Bool {
        switch self {
        case .problem(let problem): problem.mayPass
        case .attempt(let failure): failure == .timeout || failure == .connectionLost || failure == .noConnection
        // A proxy that answers for the API, for example.
        case .unreadable: true
        }
    }

    /// Whether the request may have been carried out.
    var mayHaveRun: Bool {
        switch self {
        case .problem(let problem): !problem.statesNothingChanged
        case .attempt(let failure): failure.mayHaveRun
        case .unreadable: true
        }
    }
}
