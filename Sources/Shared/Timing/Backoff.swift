/// How long to wait before the next attempt: doubling from `base` up to `limit`, of which a random half is left out,
/// so that many clients that lost the same server do not come back in step.
package struct Backoff: Sendable {
    package var base: Duration
    package var limit: Duration

    package init(base: Duration = .milliseconds(50), limit: Duration = .seconds(2)) {
        self.base = base
        self.limit = limit
    }

    /// The wait after the given number of failures in a row (1 or more), between half the nominal wait and all of it.
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
