import Testing
import Webhooks

@testable import Worker

@Suite struct EndpointHealthTests {
    private static let schedule = DeliverySchedule()

    /// The health of an endpoint that has answered: for each answer, whether the number of pauses has changed.
    private func changes(
        _ health: inout EndpointHealth, _ answers: [Bool], wanting wanted: Duration? = nil
    ) -> [Bool] {
        answers.map { health.note(isSuccess: $0, wanting: wanted, Self.schedule) }
    }

    @Test func aFewFailuresPauseNothing() {
        var health = EndpointHealth(failures: 0)
        for _ in 0..<20 {
            let changes = changes(&health, [false, false, false, false, true])
            #expect(!changes.contains(true))
        }
        #expect(health.concurrency(10) == 10)
    }

    @Test func manyFailuresPauseTheEndpoint() {
        var health = EndpointHealth(failures: 0)
        let changes = changes(&health, Array(repeating: false, count: 10))
        #expect(changes == [false, false, false, false, true, false, false, false, false, false])
        #expect(health.failures == 1)
        #expect(health.concurrency(10) == 0)
        #expect((health.pause ?? .zero) <= .seconds(1))
    }

    @Test func afterAPauseOneMessageIsTried() {
        var health = EndpointHealth(failures: 3)
        #expect(health.concurrency(10) == 1)
        let noted1 = changes(&health, [false])
        #expect(noted1 == [true])
        #expect(health.failures == 4)
        #expect(health.concurrency(10) == 0)
        var other = EndpointHealth(failures: 3)
        let noted2 = changes(&other, [true])
        #expect(noted2 == [true])
        #expect(other.failures == 0)
        #expect(other.concurrency(10) == 10)
    }

    @Test func theReceiverCanWantAPauseAtOnce() {
        var health = EndpointHealth(failures: 0)
        let noted3 = changes(&health, [false], wanting: .seconds(90))
        #expect(noted3 == [true])
        #expect(health.pause == .seconds(90))
        let noted4 = changes(&health, [false], wanting: .seconds(120))
        #expect(noted4 == [true], "the longer one counts")
        #expect(health.pause == .seconds(120))
        let noted5 = changes(&health, [true])
        #expect(noted5 == [false], "it was sent before the pause")
        #expect(health.concurrency(10) == 0)
    }
}
