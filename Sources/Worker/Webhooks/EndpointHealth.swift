import Timing
import Webhooks

/// Whether an endpoint takes messages. After several failures without a success between them, nothing is sent to it for a time;
/// then one message is tried. So an endpoint that is away costs little, and its messages do not use up their attempts.
struct EndpointHealth: Hashable, Sendable {
    /// Pauses since the last success.
    private(set) var failures: Int
    /// Failures since the last success or pause.
    private var recent = 0
    /// For how long nothing may be sent; nil if something may.
    private(set) var pause: Duration?

    init(failures: Int) { self.failures = failures }

    /// The number of messages that may be sent at a time.
    func concurrency(_ limit: Int) -> Int { pause != nil ? 0 : failures > 0 ? 1 : limit }

    /// Notes an answer.
    ///
    /// - Returns: whether ``failures`` has changed.
    mutating func note(isSuccess: Bool, wanting wanted: Duration?, _ schedule: DeliverySchedule) -> Bool {
        if isSuccess {
            defer { (failures, recent) = (0, 0) }
            // An answer to a message that was sent before the pause.
            return failures > 0 && pause == nil
        }
        recent += 1
        guard pause == nil, wanted != nil || failures > 0 || recent >= schedule.threshold else {
            if let wanted, let present = pause, wanted > present {
                pause = wanted
                return true
            }
            return false
        }
        failures += 1
        recent = 0
        pause = max(schedule.endpoint.delay(failures: failures), wanted ?? .zero)
        return true
    }
}
