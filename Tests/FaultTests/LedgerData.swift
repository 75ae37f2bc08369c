import Foundation
import TestSupport

@testable import Domain
@testable import RedisSchema
@testable import Timing

/// A sale as the ledger has it after 50 minutes, put there without Redis: 20 events, every second one with holds, and in
/// each as many customers as orders, each at the limit. In events with holds a third of the orders is held.
struct LedgerData: Sendable {
    struct Event: Sendable {
        var id: EventID
        var hasHolds: Bool
    }

    /// An order whose idempotency key is known, so that it can be sent again.
    struct KeyedOrder: Sendable {
        var id: OrderID
        var event: EventID
        var customer: String
        var key: String
        fileprivate var place: Int
    }

    static let customerLimit = 1
    private static let eventCount = 20
    /// Of each event. A tenth of its orders has a key, of which these are known.
    private static let knownKeys = 50
    private static let milliseconds = 3_000_000

    let events = (0..<Self.eventCount).compactMap { number in
        EventID("size-\(number)").map { Event(id: $0, hasHolds: number.isMultiple(of: 2)) }
    }
    /// Orders of each event.
    let size: Int
    private let seed: UInt64
    private let made = Int64(Date().timeIntervalSince1970 * 1000)
    private var began: Int64 { made - Int64(Self.milliseconds) }

    /// - Parameters:
    ///   - rows: orders in all; some thousand at least.
    ///   - seed: of the orders' ids.
    init(rows: Int, seed: UInt64) {
        size = max(1, rows / Self.eventCount)
        self.seed = seed
    }

    /// All orders.
    var rows: Int { size * events.count }

    /// Orders whose holds end 10 to 30 seconds after the data was made; every other hold ends after an hour.
    var ending: Int { (0..<min(150, size)).count { $0 % 30 == 9 } * events.count { $0.hasHolds } }
    private static let isEnding = "place % 30 = 9 AND place < 150"
    var endOfThose: String { "to_timestamp(\(made + 60_000) / 1000.0)" }

    var keyedOrders: [KeyedOrder] { events.flatMap(keyedOrders) }

    private func keyedOrders(of event: Event) -> [KeyedOrder] {
        // Every tenth order has a key.
        let step = max(1, size / Self.knownKeys / 10) * 10
        return stride(from: 0, to: size, by: step).prefix(Self.knownKeys).map { place in
            let (customer, key) = ("c\(place)", "key-\(place)")
            let scope = IdempotencyScope(event: event.id, customer: customer, key: key)
            let claimed = began + Int64(place) * Int64(Self.milliseconds) / Int64(size)
            let id = OrderID(at: Timestamp(milliseconds: claimed), partition: 0, keyHash: scope.hash)
            return KeyedOrder(id: id, event: event.id, customer: customer, key: key, place: place)
        }
    }

    /// Makes the events, and puts the orders into the ledger.
    func put(into cluster: Cluster) async throws {
        for event in events {
            try await make(event, in: cluster)
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

    private func make(_ event: Event, in cluster: Cluster) async throws {
        let hold = event.hasHolds ? #","hold_seconds":3600"# : ""
        let capacity = max(20_000, 2 * size)
        let body = #"{"capacity":\#(capacity),"per_customer_limit":\#(Self.customerLimit)\#(hold)}"#
        let answer = try await HTTPClient(port: cluster.apiPorts[0]).send(
            "PUT", "/events/\(event.id)", body, headers: ["Authorization": "Bearer \(Cluster.token)"])
        guard answer.status == 201 else { throw GaveUp(description: "no event: \(answer.body)") }
    }

    /// The statement that inserts an event's orders. It can be repeated, since it inserts the same orders each time.
    private func insertion(of event: Event) -> String {
        let known = keyedOrders(of: event).map { "(\($0.place), '\($0.id)'::uuid)" }.joined(separator: ", ")
        return """
            WITH known (place, id) AS (VALUES \(known)), numbered AS (
                SELECT place, \(began) + place::bigint * \(Self.milliseconds) / \(size) AS claimed_ms,
                    \(event.hasHolds) AS has_hold, \(event.hasHolds) AND place % 3 = 0 AS is_held
                FROM generate_series(0, \(size - 1)) AS place
            ), dated AS (
                SELECT *, to_timestamp(claimed_ms / 1000.0) AS claimed FROM numbered
            )
            INSERT INTO orders (id, event_id, customer, quantity, status, version, previous_status, claimed_at,
                confirmed_at, expires_at, updated_at)
            SELECT coalesce(known.id, (lpad(to_hex(claimed_ms), 12, '0') || '7000'
                    || CASE WHEN place % 10 = 0 THEN 'a' ELSE '8' END
                    || substr(md5('\(seed) \(event.id) ' || place), 1, 15))::uuid),
                '\(event.id)', 'c' || place, 1, CASE WHEN is_held THEN 'held' ELSE 'confirmed' END,
                CASE WHEN has_hold AND NOT is_held THEN 2 ELSE 1 END,
                CASE WHEN has_hold AND NOT is_held THEN 'held' END,
                claimed, CASE WHEN NOT is_held THEN claimed + interval '1 s' END,
                CASE WHEN is_held AND \(Self.isEnding)
                        THEN to_timestamp((\(made) + 10000 + place / 30 * 5000) / 1000.0)
                    WHEN is_held THEN to_timestamp((\(made) + 3600000 + place) / 1000.0)
                    WHEN has_hold THEN claimed + interval '1 h' END,
                claimed
            FROM dated LEFT JOIN known USING (place)
            ON CONFLICT (id) DO NOTHING
            """
    }
}
