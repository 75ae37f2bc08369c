/// How long a call waits before it repeats its request.
public struct RetryBackoff: Hashable, Sendable {
    /// The nominal delay after the first attempt; it doubles with each attempt.
    public var base: Duration
    /// The longest delay, if the API does not ask for a longer one.
    public var limit: Duration

    public init(base: Duration = .milliseconds(100), limit: Duration = .seconds(5)) {
        self.base = base
        self.limit = limit
    }

    /// The delay after a number of attempts in a row that failed (1 or more).
    ///
    /// It is between half of the nominal delay and all of it. With `retryAfter` it is this and up to half a second, so that
    /// clients that were refused together do not come back together.
    func delay(afterFailures failures: Int, retryAfter: Duration? = nil, random: Double = .random(in: 0...1))
        -> Duration
    {
        let nominal = min(base * (1 << min(max(failures - 1, 0), 20)), limit)
        let own = nominal * (0.5 + random / 2)
        guard let retryAfter else { return own }
        return max(own, retryAfter + .milliseconds(500) * random)
    }
}
