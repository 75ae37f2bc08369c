import Logging
import NIOConcurrencyHelpers
import Testing

@testable import Runtime

@Suite struct LineLimitTests {
    private let start = ContinuousClock.now

    private func at(_ seconds: Double) -> ContinuousClock.Instant { start + .seconds(seconds) }

    @Test func soManyLinesAreLoggedInEachInterval() {
        var limit = LineLimit(lines: 3, in: .seconds(60))
        let verdicts = (0..<1000).map { limit.take(at: at(Double($0) * 0.05)) }
        #expect(verdicts.prefix(3) == [.log(omitted: 0), .log(omitted: 0), .log(omitted: 0)])
        #expect(verdicts.dropFirst(3).allSatisfy { $0 == .omit })
    }

    @Test func theNextLineReportsWhatWasOmitted() {
        var limit = LineLimit(lines: 1, in: .seconds(60))
        #expect(limit.take(at: at(0)) == .log(omitted: 0))
        for _ in 0..<41 { #expect(limit.take(at: at(59.9)) == .omit) }
        #expect(limit.take(at: at(60)) == .log(omitted: 41))
        #expect(limit.take(at: at(120)) == .log(omitted: 0))
    }

    @Test func aRareLineIsAlwaysLogged() {
        var limit = LineLimit(lines: 1, in: .seconds(60))
        for minute in 0..<100 { #expect(limit.take(at: at(Double(minute) * 60)) == .log(omitted: 0)) }
    }

    @Test func anHourHasFewLinesHoweverManyThereAre() {
        var limit = LineLimit.ofClients
        let logged = (0..<360_000).count { limit.take(at: at(Double($0) / 100)) != .omit }
        #expect(logged == 60 * 5)
    }
}

@Suite struct LimitedLogTests {
    /// Keeps the lines that are logged.
    private struct Recorder: LogHandler {
        let lines: NIOLockedValueBox<[(level: Logger.Level, message: String, omitted: String?)]>
        var logLevel = Logger.Level.trace
        var metadata: Logger.Metadata = [:]

        init() { lines = NIOLockedValueBox([]) }

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            lines.withLockedValue {
                $0.append((event.level, "\(event.message)", event.metadata?["omitted"].map { "\($0)" }))
            }
        }
    }

    private func logger(_ level: Logger.Level) -> (Logger, Recorder) {
        var recorder = Recorder()
        recorder.logLevel = level
        let handler = recorder
        return (Logger(label: "test") { _ in handler }, recorder)
    }

    @Test func whatIsOmittedIsLoggedAtDebug() {
        let (log, (logger, recorder)) = (LimitedLog(), logger(.trace))
        for _ in 0..<10 {
            log.log(.warning, "one", [:], limit: LineLimit(lines: 2, in: .seconds(600)), to: logger)
        }
        log.log(.error, "two", [:], limit: .ofService, to: logger)
        let lines = recorder.lines.withLockedValue { $0 }
        #expect(lines.count { $0.level == .warning } == 2)
        #expect(lines.count { $0.level == .debug } == 8)
        #expect(lines.last?.level == .error, "each kind has a limit of its own")
    }

    @Test func aLineBelowTheLevelIsNotCounted() {
        let (log, (quiet, silent)) = (LimitedLog(), logger(.error))
        for _ in 0..<10 { log.log(.info, "one", [:], limit: LineLimit(lines: 1, in: .seconds(600)), to: quiet) }
        #expect(silent.lines.withLockedValue { $0.isEmpty })
        let (logger, recorder) = logger(.info)
        log.log(.info, "one", [:], limit: LineLimit(lines: 1, in: .seconds(600)), to: logger)
        #expect(recorder.lines.withLockedValue { $0.count } == 1)
    }
}
