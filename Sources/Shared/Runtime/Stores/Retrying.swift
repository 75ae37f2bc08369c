package import Logging
package import Timing

/// Repeats an operation with a backoff until it succeeds. Logs a failure only if its reason differs from the last one.
///
/// - Parameters:
///   - what: the operation, for the log.
///   - isFinal: whether an error ends the repetition.
/// - Throws: an error for which `isFinal` is true, or a `CancellationError`.
package func retrying<Value: Sendable>(
    _ what: String, logger: Logger, backoff: Backoff = Backoff(),
    unless isFinal: @Sendable (any Error) -> Bool = { _ in false }, _ body: @Sendable () async throws -> Value
) async throws -> Value {
    var failures = 0
    var lastReason = ""
    while true {
        do {
            let value = try await body()
            if failures > 0 { logger.notice("\(what) works again", metadata: ["failures": "\(failures)"]) }
            return value
        } catch {
            if error is CancellationError || isFinal(error) { throw error }
            failures += 1
            let reason = "\(error)"
            if reason != lastReason {
                logger.warning("\(what) failed; retrying", metadata: ["reason": "\(reason)"])
            }
            lastReason = reason
            try await Task.sleep(for: backoff.delay(failures: failures))
        }
    }
}
