import Domain
import Ledger
import Logging
import PostgresClient
import Runtime

/// Makes changes that are not changes of the ledger, such as those of orders in Redis, with their lines in the audit trail.
struct AuditTrail: Sendable {
    let ledger: Ledger

    /// Makes a change after its line is committed, and adds the outcome to the line. If the line cannot be written, nothing is
    /// changed.
    ///
    /// - Parameter change: returns a result, and what the line says about its subject after the change.
    func recording<Value>(
        _ action: AuditAction, of subject: String, before: AuditDetails? = nil, by author: AuditAuthor,
        logger: Logger, _ change: () async throws -> (Value, after: AuditDetails)
    ) async throws -> Value {
        let line: Int
        do {
            line = try await ledger.beginAudit(action, of: subject, before: before, by: author)
        } catch let error as PostgresError where error.mayHaveRun {
            // The line may say `started`; nothing was.
            throw Problem.storeUnavailable
        }
        do {
            let (value, after) = try await change()
            await end(line, .done, after: after, logger: logger)
            return value
        } catch {
            let (outcome, code) = Self.judgement(of: error)
            await end(line, outcome, reason: code, logger: logger)
            throw error
        }
    }

    /// Whether an error says that the change was not made, and the code of the problem that it is reported as.
    private static func judgement(of error: any Error) -> (AuditOutcome, ProblemCode) {
        if let problem = error as? Problem { return (.failed, problem.code) }
        return switch StoreFailure(error) {
        case .recovering: (.failed, .recovering)
        case .nothingChanged, .refused: (.failed, .storeUnavailable)
        case .unknownOutcome: (.started, .storeUnavailable)
        case nil: (.started, .internalError)
        }
    }

    /// Also if the request is cancelled. If it fails, the line says `started`: that the outcome is not known.
    private func end(
        _ line: Int, _ outcome: AuditOutcome, after: AuditDetails? = nil, reason: ProblemCode? = nil, logger: Logger
    ) async {
        await Task {
            do {
                try await ledger.endAudit(line, outcome, after: after, reason: reason?.rawValue)
            } catch {
                logger.warning(
                    "a line of the audit trail lacks its outcome",
                    metadata: ["line": "\(line)", "outcome": "\(outcome)", "reason": "\(error)"])
            }
        }.value
    }
}
