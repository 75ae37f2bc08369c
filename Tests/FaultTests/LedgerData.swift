import Foundation
import TestSupport

@testable import Domain
@testable import RedisSchema
@testable import Timing

/// The rows of a sale after 50 minutes, inserted without Redis: 20 events, every second one with holds. Each event has
/// as many customers as orders, each customer at the limit. In events with holds, a third of the orders is held.
struct LedgerData: Sendable {
    struct Event: Sendable {
        var id: EventID
        var hasHolds: Bool
    }

    /// An order with a known idempotency key, which a test can send again.
    struct KeyedOrder: Sendable {
        var id: OrderID
        var event: EventID
        var customer: String
        var key: String
        fileprivate var number: Int
    }

    static let customerLimit = 1
    private static let eventCount = 20
    /// The number of known keys of each event. A tenth of its orders has a key.
    private static let knownKeys = 50
    private static let milliseconds = 3_000_000

    let events = (0..<Self.eventCount).compactMap { number in
        EventID("size-\(number)").map { Event(id: $0, hasHolds: number.isMultiple(of: 2)) }
    }
    /// The number of orders of each event.
    let size: Int
    private let seed: UInt64
    private let ids: KeyedIDs
    private let made = Int64(Date().timeIntervalSince1970 * 1000)
    private var began: Int64 { made - Int64(Self.milliseconds) }

    /// - Parameters:
    ///   - rows: the number of all orders, at least some thousand.
    ///   - seed: the seed of the order ids.
    ///   - ids: makes ids from keys as the service does.
    init(rows: Int, seed: UInt64, ids: KeyedIDs) {
        size = max(1, rows / Self.eventCount)
        self.seed = seed
        self.ids = ids
    }

    /// The number of all orders.
    var rows: Int { size * events.count }

    /// The number of orders whose holds expire 10 to 30 seconds after the data was created. Every other hold expires
    /// after an hour.
    var expiringSoon: Int { (0..<min(150, size)).count { $0 % 30 == 9 } * events.count { $0.hasHolds } }
    private static let expiresSoon = "number % 30 = 9 AND number < 150"
    var expiryOfThose: String { "to_timestamp(\(made + 60_000) / 1000.0)" }

    var keyedOrders: [KeyedOrder] { events.flatMap(keyedOrders) }

    private func keyedOrders(of event: Event) -> [KeyedOrder] {
        // Every tenth order has a key.
        let step = max(1, size / Self.knownKeys / 10) * 10
        return stride(from: 0, to: size, by: step).prefix(Self.knownKeys).map { number in
            let (customer, key) = ("c\(number)", "key-\(number)")
            let scope = IdempotencyScope(event: event.id, customer: customer, key: key)
            let claimed = began + Int64(number) * Int64(Self.milliseconds) / Int64(size)
            let id = OrderID(
                at: Timestamp(milliseconds: claimed), partition: 0, keyHash: ids.hashes(of: scope, at: .now)?.own)
            return KeyedOrder(id: id, event: event.id, customer: customer, key: key, number: number)
        }
    }

    /// Creates the events, and inserts the orders into the ledger.
    func insert(into cluster: Cluster) async throws {
        for event in events {
            try await create(event, in: cluster)
            _ = try await cluster.sql(insertion(of: event))
        }
        _ = try await cluster.sql(
            """
            UPDATE events SET sold = sums.sold, held = sums.held, updated_at = now()
            FROM (SELECT event_id, coalesce(sum(quantity) FILTER (WHERE status = 'confirmed'), 0) AS sold,
                coalesce(sum(quantity) FILTER (WHERE status = 'held'), 0) AS held FROM orders GROUP BY event_id) AS sums
            WHERE id = event_id
            """)
        _ = try await cluster.sql("ANALYZE orders")
    }

    private func create(_ event: Event, in cluster: Cluster) async throws {
        let hold = event.hasHolds ? #","hold_seconds":3600"# : ""
        let capacity = max(20_000, 2 * size)
        let body = #"{"capacity":\#(capacity),"per_customer_limit":\#(Self.customerLimit)\#(hold)}"#
        let response = try await HTTPClient(port: cluster.apiPorts[0]).send(
            "PUT", "/events/\(event.id)", body, headers: ["Authorization": "Bearer \(Cluster.token)"])
        guard response.status == 201 else { throw GaveUp(description: "no event: \(response.body)") }
    }

    /// The statement that inserts an event's orders. It can be repeated, since it inserts the same orders each time.
    private func insertion(of event: Event) -> String {
        let known = keyedOrders(of: event).map { "(\($0.number), '\($0.id)'::uuid)" }.joined(separator: ", ")
        return """
            WITH known (number, id) AS (VALUES \(known)), numbered AS (
                SELECT number, \(began) + number::bigint * \(Self.milliseconds) / \(size) AS claimed_ms,
                    \(event.hasHolds) AS has_hold, \(event.hasHolds) AND number % 3 = 0 AS is_held
                FROM generate_series(0, \(size - 1)) AS number
            ), dated AS (
                SELECT *, to_timestamp(claimed_ms / 1000.0) AS claimed FROM numbered
            )
            INSERT INTO orders (id, event_id, customer, quantity, status, version, previous_status, claimed_at,
                confirmed_at, expires_at, updated_at)
            SELECT coalesce(known.id, (lpad(to_hex(claimed_ms), 12, '0') || '7000'
                    || CASE WHEN number % 10 = 0 THEN 'a' ELSE '8' END
                    || substr(md5('\(seed) \(event.id) ' || number), 1, 15))::uuid),
                '\(event.id)', 'c' || number, 1, CASE WHEN is_held THEN 'held' ELSE 'confirmed' END,
                CASE WHEN has_hold AND NOT is_held THEN 2 ELSE 1 END,
                CASE WHEN has_hold AND NOT is_held THEN 'held' END,
                claimed, CASE WHEN NOT is_held THEN claimed + interval '1 s' END,
                CASE WHEN is_held AND \(Self.expiresSoon)
                        THEN to_timestamp((\(made) + 10000 + number / 30 * 5000) / 1000.0)
                    WHEN is_held THEN to_timestamp((\(made) + 3600000 + number) / 1000.0)
                    WHEN has_hold THEN claimed + interval '1 h' END,
                claimed
            FROM dated LEFT JOIN known USING (number)
            ON CONFLICT (id) DO NOTHING
            """
    }
}
