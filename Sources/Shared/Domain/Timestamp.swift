import Glibc

/// A time in whole milliseconds since 1970-01-01T00:00:00Z.
///
/// Deadlines and the times of orders are measured with the clock of the Redis or the PostgreSQL server, never with that
/// of a program or a client.
package struct Timestamp: Hashable, Comparable, Sendable {
    package let milliseconds: Int64

    package init(milliseconds: Int64) {
        self.milliseconds = milliseconds
    }

    package static func < (left: Timestamp, right: Timestamp) -> Bool {
        left.milliseconds < right.milliseconds
    }

    /// The time of this machine's clock. Only for ids and reports, never for a deadline.
    package static var now: Timestamp {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Timestamp(milliseconds: Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000)
    }
}
