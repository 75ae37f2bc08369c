import Domain
import PostgresClient
import Timing

extension Ledger {
    /// Locks the events' rows in the order of their ids, writes the snapshots, each where the order is new or was at a
    /// lower version, and moves the counters by what that changed; all in one statement and so in one transaction. Answers
    /// one row with the time, and one for each order that was not written, with the reason.
    ///
    /// `previous_status` is set from the row as it is when the statement writes it, not as its snapshot saw it, so that
    /// the counters follow what really changed.
    private static let write = PostgresStatement(
        name: "orders_write",
        sql: """
            WITH input AS (
                SELECT * FROM unnest(
                    $1::uuid[], $2::text[], $3::int[], $4::text[], $5::int[], $6::text[], $7::int[], $8::bigint[],
                    $9::bigint[], $10::bigint[])
                    AS columns (id, event_id, generation, status, version, customer, quantity, claimed_ms,
                        confirmed_ms, expires_ms)
            ), event AS MATERIALIZED (
                SELECT id, generation FROM events
                WHERE id IN (SELECT event_id FROM input) ORDER BY id FOR UPDATE
            ), written AS (
                INSERT INTO orders (id, event_id, customer, quantity, status, version, claimed_at, confirmed_at, expires_at)
                SELECT input.id, event_id, customer, quantity, CASE status WHEN 'pending' THEN 'confirmed' ELSE status END,
                    version, \(timestamp("claimed_ms")),
                    CASE status WHEN 'pending' THEN now() ELSE \(timestamp("confirmed_ms")) END,
                    \(timestamp("expires_ms"))
                FROM input JOIN event ON event.id = event_id AND event.generation = input.generation
                ON CONFLICT (id) DO UPDATE SET previous_status = orders.status, status = excluded.status,
                    version = excluded.version, confirmed_at = excluded.confirmed_at, updated_at = now()
                WHERE orders.version < excluded.version AND orders.status <> 'rejected'
                RETURNING id, event_id, quantity, status, previous_status
            ), moved AS (
                UPDATE events SET sold = sold + sold_units, held = held + held_units, updated_at = now()
                FROM (
                    SELECT event_id,
                        sum(quantity * ((status = 'confirmed')::int - (previous_status IS NOT DISTINCT FROM 'confirmed')::int))
                            AS sold_units,
                        sum(quantity * ((status = 'held')::int - (previous_status IS NOT DISTINCT FROM 'held')::int))
                            AS held_units
                    FROM written GROUP BY event_id
                ) AS sums
                WHERE events.id = sums.event_id
            ), noted AS (
                -- After all events are locked: counting what was written comes to its end first.
                INSERT INTO leases_seen (partition, slot, leased)
                SELECT $12::int, pg_backend_pid() % 16, $11::bigint WHERE (SELECT count(*) FROM written) > 0
                ON CONFLICT (partition, slot) DO UPDATE SET leased = greatest(leases_seen.leased, excluded.leased)
            )
            SELECT NULL AS id, 'now' AS outcome, \(milliseconds("now()"))
            UNION ALL
            SELECT input.id, CASE
                    WHEN event.id IS NULL THEN 'unknown'
                    WHEN event.generation > input.generation THEN 'forgotten'
                    WHEN event.generation < input.generation THEN 'ahead'
                    ELSE 'present' END, NULL
            FROM input LEFT JOIN event ON event.id = input.event_id
            WHERE NOT EXISTS (SELECT FROM written WHERE written.id = input.id)
            """)

    private static let standing = PostgresStatement(
        name: "orders_standing",
        sql: """
            SELECT id, status, version, \(milliseconds("confirmed_at")), reason FROM orders WHERE id = ANY($1::uuid[])
            """)

    private static let insertRejected = PostgresStatement(
        name: "order_insert_rejected",
        sql: """
            WITH event AS (
                -- Whoever reads the event's orders meanwhile sees by its row that one has come.
                UPDATE events SET updated_at = now() WHERE id = $2 AND generation = $3 RETURNING id
            )
            INSERT INTO orders (id, event_id, customer, quantity, status, reason, claimed_at, expires_at, version)
            SELECT $1, id, $4, $5, 'rejected', $7, \(timestamp("$6")), \(timestamp("$8")), $9 FROM event
            ON CONFLICT (id) DO NOTHING
            """)

    /// Settles a batch of snapshots, in their order, each exactly once however often and in whatever order they are put:
    /// of an order the highest version stands.
    ///
    /// In the usual case this is one statement. Where the content of some order makes the batch impossible (it would break
    /// the event's CHECK, or Postgres cannot take its data), the batch is halved until that order stands alone, so that it
    /// does not hold up the others. Throws what is not the orders' fault; then nothing is known to have been settled.
    ///
    /// - Parameters:
    ///   - lease: the number of the lease that they were taken under.
    ///   - partition: the partition that they were taken from.
    package func settle(_ snapshots: [Order], lease: Int = 0, partition: Int = 0) async throws -> [Settlement] {
        guard !snapshots.isEmpty else { return [] }
        let latest = Self.latest(of: snapshots)
        let settlements = try await settle(latest[...], under: LeaseName(partition: partition, number: lease))
        return snapshots.map { settlements[$0.id] ?? .forgotten }
    }

    private struct LeaseName {
        var partition: Int
        var number: Int
    }

    /// The snapshot with the highest version of each order, in the order in which the orders first appear.
    package static func latest(of snapshots: [Order]) -> [Order] {
        var latest: [Order] = []
        var places: [OrderID: Int] = [:]
        latest.reserveCapacity(snapshots.count)
        for snapshot in snapshots {
            if let place = places[snapshot.id] {
                if snapshot.version > latest[place].version { latest[place] = snapshot }
            } else {
                places[snapshot.id] = latest.count
                latest.append(snapshot)
            }
        }
        return latest
    }

    /// Settles orders, none of which is there twice: in one statement where it can be; where their content prevents it, in
    /// two halves, the first first, until the one that is at fault stands alone.
    private func settle(_ orders: ArraySlice<Order>, under lease: LeaseName) async throws -> [OrderID: Settlement] {
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

    private func write(_ orders: [Order], under lease: LeaseName) async throws -> [OrderID: Settlement] {
        let rows = try await execute(
            Self.write,
            [
                PostgresArray.literal(orders.map { $0.id.description }),
                PostgresArray.literal(orders.map(\.event.description)),
                PostgresArray.literal(orders.map(\.generation)),
                PostgresArray.literal(orders.map(\.state.rawValue)),
                PostgresArray.literal(orders.map(\.version)),
                PostgresArray.literal(orders.map(\.customer)),
                PostgresArray.literal(orders.map(\.quantity)),
                PostgresArray.literal(orders.map(\.claimedAt.milliseconds)),
                PostgresArray.literal(orders.map { $0.confirmedAt.map { String($0.milliseconds) } }),
                PostgresArray.literal(orders.map { $0.expiresAt.map { String($0.milliseconds) } }),
                String(lease.number), String(lease.partition),
            ]
        ).rows
        guard let first = rows.first, first[1] == "now" else {
            throw PostgresError(.unexpectedResult, "the insert did not say when it ran")
        }
        let now = Timestamp(milliseconds: Int64(try first.integer(2)))
        var settlements: [OrderID: Settlement] = [:]
        settlements.reserveCapacity(orders.count)
        for order in orders {
            let confirmedAt = order.state == .pending ? now : order.confirmedAt
            settlements[order.id] = .recorded(version: order.version, confirmedAt: confirmedAt)
        }
        var present: [OrderID] = []
        for row in rows.dropFirst() {
            guard let id = OrderID(try row.text(0)) else { continue }
            switch row[1] {
            case "unknown": settlements[id] = .unsettleable(reason: "the event is not in the ledger")
            case "forgotten": settlements[id] = .forgotten
            case "ahead":
                settlements[id] = .unsettleable(reason: "the event's generation is later than the ledger's")
            default: present.append(id)
            }
        }
        return settlements.merging(try await standing(present)) { $1 }
    }

    /// Runs the statement as a transaction of its own, or between the calls of ``settleProbe`` if there is one.
    private func execute(_ statement: PostgresStatement, _ parameters: [String?]) async throws -> PostgresResult {
        guard let settleProbe else { return try await pool.execute(statement, parameters) }
        return try await pool.withTransaction { connection in
            settleProbe.beforeStatement()
            let result = try await connection.execute(statement, parameters)
            settleProbe.beforeCommit()
            return result
        }
    }

    /// What earlier deliveries of these orders led to.
    private func standing(_ ids: [OrderID]) async throws -> [OrderID: Settlement] {
        guard !ids.isEmpty else { return [:] }
        // A row that is gone again was deleted by a reset in between.
        var settlements = Dictionary(ids.map { ($0, Settlement.forgotten) }) { $1 }
        for row in try await pool.execute(Self.standing, [PostgresArray.literal(ids.map(\.description))]).rows {
            guard let id = OrderID(try row.text(0)) else { continue }
            if row[1] == OrderState.rejected.rawValue {
                settlements[id] = .rejected(reason: row[4] ?? "rejected")
            } else {
                settlements[id] = .recorded(
                    version: try row.integer(2),
                    confirmedAt: try row.integerIfPresent(3).map { Timestamp(milliseconds: Int64($0)) })
            }
        }
        return settlements
    }

    private func reject(_ order: Order, reason: String) async throws -> Settlement {
        _ = try await pool.execute(
            Self.insertRejected,
            [
                order.id.description, order.event.description, String(order.generation), order.customer,
                String(order.quantity), String(order.claimedAt.milliseconds), reason,
                order.expiresAt.map { String($0.milliseconds) }, String(order.version),
            ])
        return try await standing([order.id])[order.id] ?? .forgotten
    }
}
