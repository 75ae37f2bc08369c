import Domain
import Ledger
import RedisClient
import RedisSchema

/// What the dead letters of some events mean for a backfill from the ledger.
struct DeadLetteredOrders: Sendable {
    /// Orders that the ledger does not have. Their units are claimed, or they wait, all the same. They stay dead letters while the event
    /// is not loaded (see requeue.lua).
    private(set) var unrecorded: [EventID: [Order]] = [:]
    /// Units of orders whose return the ledger does not have: it counts them until the dead letter is settled.
    private(set) var returning: [EventID: Int] = [:]

    init(
        of events: [LedgerEvent], in keys: Keyspace, on connection: RedisConnection, _ ledger: Ledger
    ) async throws {
        guard try await connection.send(RedisCommand("HLEN", keys.deadLetters)).integer ?? 0 > 0 else { return }
        let generations = Dictionary(events.map { ($0.id, $0.generation) }) { $1 }
        let orders = try await OrderQueue.deadLetters(in: keys, on: connection, limit: .max)
            .compactMap(\.order).filter { generations[$0.event] == $0.generation }
        let known = try await ledger.versions(of: orders.map(\.id))
        let claimed = orders.filter { $0.state.holdsUnits || $0.state == .waiting }
        unrecorded = Dictionary(grouping: Ledger.latest(of: claimed).filter { known[$0.id] == nil }, by: \.event)
        for order in Ledger.latest(of: orders.filter(\.releasesUnits))
        where known[order.id].map({ $0.version < order.version }) ?? true {
            returning[order.event, default: 0] += order.quantity
        }
    }
}
