import Domain

extension EventRestorer {
    /// Publishes an event that is missing or closed in Redis. Throws a problem if the client has to retry later.
    nonisolated func restoreOrThrow(_ event: EventID) async throws {
        guard case .wait(let seconds) = try await restore(event) else { return }
        throw Problem.eventIsRecovering(retryAfterSeconds: seconds)
    }
}
