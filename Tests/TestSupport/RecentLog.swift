package import Logging
import NIOConcurrencyHelpers

/// The last lines that the programs of a test logged, for the message of a test that fails.
package final class RecentLog: Sendable {
    private static let limit = 40
    private let lines = NIOLockedValueBox<[String]>([])

    package init() {}

    package var logger: Logger { Logger(label: "test") { _ in Handler(log: self) } }

    package var text: String { lines.withLockedValue { $0.joined(separator: "\n") } }

    private func append(_ line: String) {
        lines.withLockedValue {
            if $0.count == Self.limit { $0.removeFirst() }
            $0.append(line)
        }
    }

    private struct Handler: LogHandler {
        let log: RecentLog
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.info

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            log.append("\(event.level) \(event.message) \(event.metadata ?? [:])")
        }
    }
}
