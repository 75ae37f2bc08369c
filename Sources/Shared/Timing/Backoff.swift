/// Exponential backoff with jitter: the nominal delay doubles from `base` to `limit`, and a random part of up to half
/// is subtracted, so that clients that lost the same server do not reconnect at the same time.
package struct Backoff: Sendable {
    package var base: Duration
    package var limit: Duration

    package init(base: Duration = .milliseconds(50), limit: Duration = .seconds(2)) {
        self.base = base
        self.limit = limit
    }

    /// The delay after a number of consecutive failures (1 or more): between half of the nominal delay and all of it.
    package func delay(failures: Int, using generator: inout some RandomNumberGenerator) -> Duration {
        let doublings = min(max(failures - 1, 0), 20)
        let nominal = min(base * (1 << doublings), limit)
        return nominal * Double.random(in: 0.5...1, using: &generator)
    }

    package func delay(failures: Int) -> Duration {
        var generator = SystemRandomNumberGenerator()
        return delay(failures: failures, using: &generator)
    }
}
