/// What a call knows after its attempts, and what it does next. It sends nothing.
struct CallProgress {
    enum Next: Equatable {
        case again(after: Duration)
        case failed(SaleError)
    }

    private let changesSomething: Bool
    private let key: IdempotencyKey?
    private var attempts = 0
    /// Whether an attempt may have been carried out although no response says so.
    private var isOpen = false
    /// The order that may exist, if a response named it.
    private var ticket: String?

    init(_ request: APIRequest) {
        changesSomething = request.method != .get
        key = request.key
    }

    /// Decides after an attempt without the wanted response.
    ///
    /// - Parameters:
    ///   - left: the time until the end of the call.
    ///   - random: a number from 0 to 1, for the jitter.
    mutating func next(
        after cause: SaleError.Cause, left: Duration, backoff: RetryBackoff, random: Double = .random(in: 0...1)
    ) -> Next {
        attempts += 1
        if case .problem(let problem) = cause {
            ticket = problem.ticket ?? ticket
            if !problem.mayPass {
                // What an earlier attempt has done is known only if the API has looked for its order.
                return .failed(isOpen && !problem.isJudgement ? failure(cause) : .refused(problem))
            }
        }
        if changesSomething, cause.mayHaveRun { isOpen = true }
        guard cause.mayPass else { return .failed(failure(cause)) }
        let delay = backoff.delay(afterFailures: attempts, retryAfter: cause.problem?.retryAfter, random: random)
        // A wait beyond the end helps nobody; the problem says how long it would be.
        return delay < left ? .again(after: delay) : .failed(failure(cause))
    }

    /// The error of a call that ends without a response that settles it.
    func failure(_ cause: SaleError.Cause) -> SaleError {
        let failure = SaleError.Failure(cause: cause, attempts: attempts, key: key, ticket: ticket)
        return isOpen || changesSomething && cause.mayHaveRun ? .outcomeUnknown(failure) : .unavailable(failure)
    }
}
