package import Domain
import PostgresClient

/// Writing snapshots of orders.
extension Ledger {
    /// Writes snapshots and returns what became of each, in their order. Each snapshot takes effect once, however often
    /// and in whatever order snapshots are delivered: the highest version of an order counts.
    ///
    /// Usually all snapshots are new orders of one event, and one short statement writes them. If there are others, or
    /// the ledger cannot insert all of these orders, a statement for snapshots of any kind writes them. If the data of
    /// an order makes that fail (the order would violate the event's CHECK constraint, or Postgres cannot store its
    /// text), the batch is halved until that order is alone, so that the others are written. Throws if the cause is not
    /// the data of an order; then it is not known what was written.
    ///
    /// - Parameters:
    ///   - lease: the number of the lease under which the snapshots were taken from the queue.
    ///   - partition: the partition of the queue.
    ///   - epoch: the partition's epoch when the lease began; nil if the lease is of the present one. If another epoch has
    ///     begun since, the events are noted as late: see ``lateEvents(inPartition:)``.
    package func settle(
        _ snapshots: [Order], lease: Int = 0, partition: Int = 0, epoch: Int? = nil
    ) async throws -> [Settlement] {
        guard !snapshots.isEmpty else { return [] }
        let lease = Statements.Lease(partition: partition, number: lease, epoch: epoch)
        if let (orders, others) = NewOrders.split(snapshots), let settlement = try await insert(orders, under: lease) {
            var settlements = Array(repeating: settlement, count: snapshots.count)
            for (index, other) in zip(others, try await settleAny(others.map { snapshots[$0] }, under: lease)) {
                settlements[index] = other
            }
            return settlements
        }
        return try await settleAny(snapshots, under: lease)
    }

    /// The same for snapshots of any kind.
    func settleAny(_ snapshots: [Order], under lease: Statements.Lease) async throws -> [Settlement] {
        guard !snapshots.isEmpty else { return [] }
        let settlements = try await settle(Self.latest(of: snapshots)[...], under: lease)
        return snapshots.map { settlements[$0.id] ?? .forgotten }
    }

    /// The snapshot with the highest version of each order, in the order in which the orders first occur.
    package static func latest(of snapshots: [Order]) -> [Order] {
        var latest: [Order] = []
        var indices: [OrderID: Int] = [:]
        latest.reserveCapacity(snapshots.count)
        for snapshot in snapshots {
            if let index = indices[snapshot.id] {
                if snapshot.version > latest[index].version { latest[index] = snapshot }
            } else {
                indices[snapshot.id] = latest.count
                latest.append(snapshot)
            }
        }
        return latest
    }

    /// Settles orders, each of which occurs once: in one statement, or, if the data of one prevents that, in two
    /// halves.
    private func settle(
        _ orders: ArraySlice<Order>, under lease: Statements.Lease
    ) async throws -> [OrderID: Settlement] {
        do {
            return try await write(Array(orders), under: lease)
        } catch let error as PostgresError where error.isAboutContent {
            guard orders.count == 1, let order = orders.first else {
                let middle = orders.startIndex + orders.count / 2
                let first = try await settle(orders[..<middle], under: lease)
                return first.merging(try await settle(orders[middle...], under: lease)) { $1 }
            }
            if error.isCheckViolation { return [order.id: try await reject(order, reason: "oversold")] }
            return [order.id: .unsettleable(reason: error.description)]
        }
    }
}
