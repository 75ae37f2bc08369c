import Domain
import Engine

extension EventRestorer {
    /// Publishes an event that is missing or closed in Redis. Throws a problem if the event does not exist, or if the
    /// client has to retry later.
    nonisolated func restoreOrThrow(_ event: EventID) async throws {
        switch try await restore(event) {
        case .published: return
        case .retry(let seconds): throw Problem.eventIsRecovering(retryAfterSeconds: seconds)
        case .eventUnknown: throw Problem(Refusal.eventUnknown, event: event)
        case .archived: throw Problem(CatalogueError.archived, event: event)
        }
    }
}
