import Testing

@testable import Domain
@testable import Webhooks

@Suite struct DeliveryScheduleTests {
    /// Three days have some twenty attempts: not so many that they burden, not so few that the last ones are far apart.
    @Test func anAttemptFollowsWithinHours() {
        let schedule = DeliverySchedule()
        var (time, attempts) = (Duration.zero, 1)
        while time < .seconds(3 * 24 * 3600) {
            let delay = schedule.delay(failures: attempts, retryAfter: nil)
            #expect(delay >= .seconds(1))
            #expect(delay <= .seconds(4 * 3600))
            time += delay
            attempts += 1
        }
        #expect((25...60).contains(attempts))
    }

    @Test func theReceiverCanAskToWaitLonger() {
        let schedule = DeliverySchedule()
        #expect(schedule.delay(failures: 1, retryAfter: .seconds(120)) == .seconds(120))
        #expect(schedule.delay(failures: 1, retryAfter: .zero) >= .seconds(1))
    }

    private let now = Timestamp(milliseconds: 784_111_777_000)  // Sun, 06 Nov 1994 08:49:37 GMT

    @Test(arguments: [
        ("0", 0), ("7", 7), (" 30 ", 30), ("3600", 3600), ("999999", 3600), ("99999999999999999999999", 3600),
        ("Sun, 06 Nov 1994 08:50:07 GMT", 30), ("Sun, 06 Nov 1994 08:00:00 GMT", 0),
        ("Mon, 07 Nov 1994 08:49:37 GMT", 3600),
    ])
    func retryAfterIsRead(text: String, seconds: Int) {
        #expect(DeliverySchedule.retryAfter(text, at: now) == .seconds(seconds))
    }

    @Test(arguments: ["", "-1", "1.5", "soon", "1s", "+3", "١"])
    func aMalformedRetryAfterIsIgnored(text: String) { #expect(DeliverySchedule.retryAfter(text, at: now) == nil) }
}
