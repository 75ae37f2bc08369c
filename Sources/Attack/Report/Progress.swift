import Foundation
import Glibc

/// The progress of an attack on standard error: a bar on a terminal, otherwise one line per second.
enum Progress: Sendable {
    case silent, lines, bar

    static var standard: Progress { isatty(STDERR_FILENO) == 1 ? .bar : .lines }

    func say(_ line: String) {
        guard self != .silent else { return }
        Self.write(line + "\n")
    }

    /// Shows the counts of the observations until the task is cancelled; then it removes the bar.
    func follow(_ observations: ClientObservations, for duration: Duration) -> Task<Void, Never> {
        let start = ContinuousClock.now
        return Task { [self] in
            guard self != .silent else { return }
            let step: Duration = self == .bar ? .milliseconds(100) : .seconds(1)
            while (try? await Task.sleep(for: step)) != nil {
                let passed = ContinuousClock.now - start
                let (answered, accepted) = observations.counts
                let state = "\(answered) answered, \(accepted) accepted"
                if self == .bar {
                    Self.write("\r\u{1B}[2K\(Self.bar(passed / duration)) \(state)")
                } else {
                    Self.write("\(Report.number(passed.seconds, 0)) s: \(state)\n")
                }
            }
            if self == .bar { Self.write("\r\u{1B}[2K") }
        }
    }

    static func bar(_ part: Double) -> String {
        let width = 30
        let full = Int(max(0, min(1, part)) * Double(width))
        return "[" + String(repeating: "#", count: full) + String(repeating: "-", count: width - full) + "]"
    }

    private static func write(_ text: String) { FileHandle.standardError.write(Data(text.utf8)) }
}
