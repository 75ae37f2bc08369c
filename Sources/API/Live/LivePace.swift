import NIOCore

/// How often clients get updates: four times a second, and less often the more clients there are, so that the messages of a
/// process, and its readings, are bounded.
enum LivePace {
    static let shortest = TimeAmount.milliseconds(250)
    /// Messages of one process, if everything changes all the time.
    static let messagesPerSecond = 10_000
    /// Events that one process reads for viewers.
    static let readsPerSecond = 4_000

    /// The time between two updates.
    ///
    /// - Parameters:
    ///   - viewers: clients of this process that watch.
    ///   - events: different events that they watch.
    static func interval(viewers: Int, events: Int) -> TimeAmount {
        let second: Int64 = 1_000_000_000
        let forMessages = second * Int64(viewers) / Int64(messagesPerSecond)
        let forReads = second * Int64(events) / Int64(readsPerSecond)
        return max(shortest, .nanoseconds(max(forMessages, forReads)))
    }

    /// The part of the interval over which the messages of one update are spread, so that they do not delay purchases on the
    /// same event loop.
    static func spread(_ interval: TimeAmount) -> TimeAmount { .nanoseconds(interval.nanoseconds / 5 * 4) }
}
