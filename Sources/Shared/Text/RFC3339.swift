import Foundation

/// Times as RFC 3339 writes them, in UTC with milliseconds.
public enum RFC3339 {
    private static let style = Date.ISO8601FormatStyle(includingFractionalSeconds: true)
    private static let wholeSeconds = Date.ISO8601FormatStyle()

    public static func text(_ time: Date) -> String {
        time.formatted(style)
    }

    public static func text(_ time: Timestamp) -> String {
        // The style cuts to milliseconds, and a binary fraction can lie just below the one that is meant.
        text(Date(timeIntervalSince1970: (Double(time.milliseconds) + 0.25) / 1000))
    }

    /// Reads a time with or without fractions of a second; they are cut to milliseconds.
    public static func timestamp(_ text: String) -> Timestamp? {
        guard let date = (try? style.parse(text)) ?? (try? wholeSeconds.parse(text)) else { return nil }
        return Timestamp(milliseconds: Int64((date.timeIntervalSince1970 * 1000 + 0.25).rounded(.down)))
    }
}

extension Timestamp {
    /// This machine's clock: for ids only, never for a deadline.
    public static var now: Timestamp {
        Timestamp(milliseconds: Int64(Date().timeIntervalSince1970 * 1000))
    }
}
