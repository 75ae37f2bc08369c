import Logging
import PostgresClient
import RedisClient
import Runtime

extension Problem {
    /// The problem that an error is reported as.
    ///
    /// - Parameter id: the id of the request.
    init(_ error: any Error, id: RequestID, logger: Logger) {
        if let problem = error as? Problem {
            self = problem
            return
        }
        let metadata = id.metadata.merging(["reason": "\(error)"]) { $1 }
        let log = LimitedLog.requests
        if let fault = ClientFault(error) {
            // The connection counts the faults that it sees.
            if fault == .connectionLost { fault.count() }
            log.log(.info, "a client broke off its request", metadata, limit: .ofClients, to: logger)
            self = fault.problem
            return
        }
        switch StoreFailure(error) {
        case .recovering:
            self = .redisIsRecovering
        case .nothingChanged:
            logger.debug("a store does not respond", metadata: metadata)
            self = .storeUnavailable
        case .refused:
            logger.warning("PostgreSQL refuses what this program needs", metadata: metadata)
            self = .storeUnavailable
        case .unknownOutcome:
            log.log(.warning, "a store did not respond in time", metadata, limit: .ofService, to: logger)
            self = .outcomeUnknown
        case nil:
            log.log(.error, "a request failed", metadata, limit: .ofService, to: logger)
            self = Problem(.internalError, "Include the request id if you report this error.")
                .with("request_id", .string(id.description))
        }
    }
}

/// What a store's error means for the request; nil for an error that is a defect of this program.
enum StoreFailure {
    case nothingChanged, unknownOutcome, recovering
    /// Nothing changed, and an operator has to act.
    case refused

    init?(_ error: any Error) {
        switch error {
        case let error as RedisError where error.code == .preconditionFailed:
            self = .recovering
        case let error as RedisError where error.code != .protocolViolation:
            self = error.mayHaveRun ? .unknownOutcome : .nothingChanged
        case let error as PostgresError where error.code == .server:
            switch error.cause {
            case .unavailable, .conflict, .session, .connection: self = .nothingChanged
            case .setup: self = .refused
            case .data, .defect, nil: return nil
            }
        case let error as PostgresError where error.code != .unexpectedResult && error.code != .invalidStatement:
            self = error.mayHaveRun ? .unknownOutcome : .nothingChanged
        default:
            return nil
        }
    }
}
