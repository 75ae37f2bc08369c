import Logging
import PostgresClient
import RedisClient
import Runtime

extension Problem {
    /// The problem that an error is reported as.
    ///
    /// - Parameter id: the id of the request.
    init(_ error: any Error, id: String, logger: Logger) {
        if let problem = error as? Problem {
            self = problem
            return
        }
        let metadata: Logger.Metadata = ["request": "\(id)", "reason": "\(error)"]
        switch StoreFailure(error) {
        case .recovering:
            self = .redisIsRecovering
        case .nothingChanged:
            logger.debug("a store does not respond", metadata: metadata)
            self = .storeUnavailable
        case .unknownOutcome:
            logger.warning("a store did not respond in time", metadata: metadata)
            self = .outcomeUnknown
        case nil:
            logger.error("a request failed", metadata: metadata)
            self = Problem(.internalError, "Include the request id if you report this error.")
                .with("request_id", .string(id))
        }
    }
}

/// What a store's error means for the request; nil for an error that is a defect of this program.
private enum StoreFailure {
    case nothingChanged, unknownOutcome, recovering

    init?(_ error: any Error) {
        switch error {
        case let error as RedisError where error.code == .preconditionFailed:
            self = .recovering
        case let error as RedisError where error.code != .protocolViolation:
            self = error.mayHaveRun ? .unknownOutcome : .nothingChanged
        case let error as PostgresError where error.code == .server:
            // Insufficient resources, lock not available, operator intervention, transaction rolled back.
            guard ["53", "55", "57", "40"].contains(error.sqlStateClass) else { return nil }
            self = .nothingChanged
        case let error as PostgresError where error.code != .unexpectedResult && error.code != .invalidStatement:
            self = error.mayHaveRun ? .unknownOutcome : .nothingChanged
        default:
            return nil
        }
    }
}
