import Ledger
import Logging
import Metrics
import ServiceLifecycle

extension WebhookService {
    private static let maintenanceInterval = Duration.seconds(10)
    private static let sliceSize = 1000
    /// Slices between two pauses.
    private static let slicesAtOnce = 20
    /// How long deliveries that have failed for good are kept, in hours.
    private static let deadHours = 30 * 24
    /// Pauses without a success after which an endpoint has failed for minutes.
    private static let failing = 8

    /// Removes what is old, in slices, and measures the age of what is not delivered.
    func maintain() async {
        var position = ChangePosition.beginning
        while !Task.isShuttingDownGracefully, !Task.isCancelled {
            do {
                sending.metrics.oldest.record(try await sending.ledger.oldestUndelivered() / .seconds(1))
                position = try await clean(after: position)
            } catch {
                sending.logger.debug("cannot remove old webhook deliveries", metadata: ["reason": "\(error)"])
            }
            try? await cancelWhenGracefulShutdown { try await Task.sleep(for: Self.maintenanceInterval) }
        }
    }

    /// Returns the place in the outbox at which the next round goes on.
    private func clean(after position: ChangePosition) async throws -> ChangePosition {
        let (ledger, size) = (sending.ledger, Self.sliceSize)
        try await inSlices { try await ledger.expireDeliveries(failures: Self.failing, limit: size) }
        try await inSlices { try await ledger.removeDeliveries(.delivered, olderThan: keepHours, limit: size) }
        try await inSlices { try await ledger.removeDeliveries(.dead, olderThan: Self.deadHours, limit: size) }
        try await inSlices { try await ledger.removeOrphanedDeliveries(limit: size) }
        var position = position
        for _ in 0..<Self.slicesAtOnce where !Task.isShuttingDownGracefully {
            guard let slice = try await ledger.removeChanges(after: position, olderThan: keepHours, limit: size) else {
                return .beginning
            }
            position = slice.last
        }
        return position
    }

    private func inSlices(_ remove: () async throws -> Int) async throws {
        for _ in 0..<Self.slicesAtOnce where !Task.isShuttingDownGracefully {
            guard try await remove() > 0 else { return }
        }
    }
}
