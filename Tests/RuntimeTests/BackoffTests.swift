import Testing

@testable import Timing

@Suite struct BackoffTests {
    @Test func delaysAreBetweenHalfAndAllOfADoublingDelay() {
        let backoff = Backoff(base: .milliseconds(100), limit: .seconds(1))
        var generator = SystemRandomNumberGenerator()
        for (failures, nominal) in [(1, 100), (2, 200), (3, 400), (4, 800), (5, 1000), (1000, 1000)] {
            for _ in 0..<50 {
                let delay = backoff.delay(failures: failures, using: &generator)
                #expect(delay >= .milliseconds(nominal / 2) && delay <= .milliseconds(nominal))
            }
        }
    }
}
