import ArgumentParser

/// A duration on the command line: `5s`, `500ms` or `2m`; a number without a unit is in seconds.
struct TimeSpan: ExpressibleByArgument, Sendable, CustomStringConvertible {
    let duration: Duration

    init(_ duration: Duration) { self.duration = duration }

    init?(argument: String) {
        let digits = argument.prefix { $0.isNumber || $0 == "." }
        guard let value = Double(digits), value > 0, value < 1e6 else { return nil }
        switch argument.dropFirst(digits.count) {
        case "ms": duration = .milliseconds(value)
        case "s", "": duration = .seconds(value)
        case "m": duration = .seconds(value * 60)
        default: return nil
        }
    }

    var description: String { Self.text(duration.seconds) + " s" }
    /// The form that the command line accepts.
    var defaultValueDescription: String { Self.text(duration.seconds) + "s" }

    private static func text(_ seconds: Double) -> String {
        seconds == seconds.rounded() ? String(Int(seconds)) : String(seconds)
    }
}

extension Duration {
    var seconds: Double { self / .seconds(1) }
    /// Whole microseconds; 0 if the duration is negative.
    var microseconds: UInt64 { UInt64(max(0, (self / .microseconds(1)).rounded())) }
}
