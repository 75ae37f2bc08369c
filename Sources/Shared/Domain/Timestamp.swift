/// A moment as whole milliseconds since 1970-01-01T00:00:00Z.
///
/// Deadlines and orders' times are Redis's or Postgres's clock, never a client's.
public struct Timestamp: Hashable, Comparable, Sendable {
    public let milliseconds: Int64

    public init(milliseconds: Int64) {
        self.milliseconds = milliseconds
    }

    public static func < (left: Timestamp, right: Timestamp) -> Bool {
        left.milliseconds < right.milliseconds
    }
}
