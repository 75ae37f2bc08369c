package import Domain
import Foundation
package import Timing

/// When a failed delivery, or a failing endpoint, is tried again.
package struct DeliverySchedule: Sendable {
    /// Of a delivery: about 2, 4, 8 … seconds, up to 4 hours. It is tried for three days.
    package var delivery = Backoff(base: .seconds(2), limit: .seconds(4 * 3600))
    /// Of an endpoint that fails: about 1, 2, 4 … seconds, up to a minute, so that its return is noticed.
    package var endpoint = Backoff(base: .seconds(1), limit: .seconds(60))
    /// Failures without a success between them after which an endpoint is paused for a time.
    package var threshold = 5
    /// The longest time that a receiver can ask to wait.
    package static let longestRetryAfter = Duration.seconds(3600)

    package init() {}

    /// The delay after a number of failures of a delivery, which is not shorter than the receiver has asked for.
    package func delay(failures: Int, retryAfter: Duration?) -> Duration {
        max(delivery.delay(failures: failures), retryAfter ?? .zero)
    }

    /// The value of a header `Retry-After` (RFC 9110, section 10.2.3), up to the longest; nil if it is malformed.
    package static func retryAfter(_ text: String, at now: Timestamp) -> Duration? {
        let text = text.trimmingCharacters(in: .whitespaces)
        if !text.isEmpty, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) {
            // More digits than a number has are a long time.
            return min(.seconds(Int64(text) ?? .max / 2), longestRetryAfter)
        }
        guard let date = httpDate(text) else { return nil }
        let milliseconds = Int64(date.timeIntervalSince1970 * 1000) - now.milliseconds
        return min(max(.milliseconds(milliseconds), .zero), longestRetryAfter)
    }

    /// A time such as `Sun, 06 Nov 1994 08:49:37 GMT`, the only form that may be sent.
    private static func httpDate(_ text: String) -> Date? {
        let formatter = DateFormatter()
        formatter.locale = Locale(identifier: "en_US_POSIX")
        formatter.timeZone = TimeZone(identifier: "GMT")
        formatter.dateFormat = "EEE, dd MMM yyyy HH:mm:ss 'GMT'"
        return formatter.date(from: text)
    }
}
