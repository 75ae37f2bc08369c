package import Logging
import NIOConcurrencyHelpers

/// Logs lines that requests cause, so that no client can fill the log. Of each kind of line, a limited number is logged at
/// its level, and all others at `debug`. The next line of the kind has the number of the others, in `omitted`.
package final class LimitedLog: Sendable {
    /// For all requests of this process.
    package static let requests = LimitedLog()

    private let limits = NIOLockedValueBox<[String: LineLimit]>([:])

    package init() {}

    /// - Parameters:
    ///   - kind: the text of the line. It is static, so that the number of kinds is bounded.
    ///   - limit: applies to all lines of the kind together; the one of its first line counts.
    ///   - file: the file of the caller, whose module the line names.
    package func log(
        _ level: Logger.Level, _ kind: StaticString, _ metadata: Logger.Metadata, limit: LineLimit, to logger: Logger,
        file: String = #fileID
    ) {
        guard logger.logLevel <= level else { return }
        switch limits.withLockedValue({ $0["\(kind)", default: limit].take(at: .now) }) {
        case .log(omitted: 0):
            logger.log(level: level, "\(kind)", metadata: metadata, file: file)
        case .log(let omitted):
            logger.log(
                level: level, "\(kind)", metadata: metadata.merging(["omitted": "\(omitted)"]) { $1 }, file: file)
        case .omit:
            logger.debug("\(kind)", metadata: metadata, file: file)
        }
    }
}
