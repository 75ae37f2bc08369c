import Domain
import Foundation
import Logging

package enum LogFormat: String, CaseIterable, Sendable {
    case text, json
}

package enum Logs {
    /// Sets up logging to standard error. Must be called once per process.
    package static func bootstrap(_ settings: StoreSettings) {
        let (format, level) = (settings.logFormat, settings.logLevel)
        LoggingSystem.bootstrap { label in
            var handler: any LogHandler =
                format == .json ? JSONLogHandler(label: label) : StreamLogHandler.standardError(label: label)
            handler.logLevel = level
            return handler
        }
    }
}

/// Writes each log event to standard error as one line with a JSON object.
struct JSONLogHandler: LogHandler {
    let label: String
    var logLevel = Logger.Level.info
    var metadata: Logger.Metadata = [:]
    var metadataProvider: Logger.MetadataProvider?

    init(label: String) {
        self.label = label
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let all = metadata.merging(metadataProvider?.get() ?? [:]) { $1 }.merging(event.metadata ?? [:]) { $1 }
        var line = Self.line(label: label, level: event.level, message: "\(event.message)", metadata: all, at: .now)
        line += "\n"
        // A failed write of a log line must not end the program.
        try? FileHandle.standardError.write(contentsOf: Data(line.utf8))
    }

    static func line(
        label: String, level: Logger.Level, message: String, metadata: Logger.Metadata, at time: Timestamp
    ) -> String {
        var object = JSONObject()
        object["time"] = .string(RFC3339.text(time))
        object["level"] = .string(level.rawValue)
        object["logger"] = .string(label)
        object["message"] = .string(message)
        for (key, value) in metadata.sorted(by: { $0.key < $1.key }) { object[key] = .string("\(value)") }
        return object.text
    }
}
