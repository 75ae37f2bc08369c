/// How far the ledger has followed Redis.
extension Ledger {
    private static let partitionFind = PostgresStatement(
        name: "partition_find", sql: "SELECT epoch, server FROM partitions WHERE partition = $1")
    private static let partitionSet = PostgresStatement(
        name: "partition_set",
        sql: """
            INSERT INTO partitions (partition, epoch, server) VALUES ($1, $2, $3)
            ON CONFLICT (partition) DO UPDATE SET epoch = $2, server = $3, recovered_at = now()
            """)
    private static let leasesSeen = PostgresStatement(
        name: "leases_seen", sql: "SELECT id, leased FROM events WHERE leased > 0")

    /// The partition's epoch and its server, or nil where it never had one.
    func partition(_ number: Int) async throws -> RecoveryPlan.Known? {
        guard let row = try await pool.execute(Self.partitionFind, [String(number)]).rows.first else { return nil }
        return RecoveryPlan.Known(epoch: try row.integer(0), server: try row.text(1))
    }

    func setPartition(_ number: Int, _ known: RecoveryPlan.Known) async throws {
        _ = try await pool.execute(Self.partitionSet, [String(number), String(known.epoch), known.server])
    }

    /// Locks a partition's recovery until the transaction ends; false where another process has it. A holder that stalls
    /// loses it after 30 seconds without a statement.
    static func lockRecovery(of keys: Keyspace, on connection: PostgresConnection) async throws -> Bool {
        try await connection.execute(script: "SET LOCAL idle_in_transaction_session_timeout = '30s'")
        let key = "hashtextextended('ticketblitz.recovery.' || current_schema(), \(keys.partition))"
        return try await connection.execute(script: "SELECT pg_try_advisory_xact_lock(\(key))").rows.first?.first == "t"
    }

    /// The highest number of a lease under which orders of events with that home have reached the ledger; 0 for none.
    func leasesSeen(in keys: Keyspace, _ partitioning: Partitioning) async throws -> Int {
        var highest = 0
        for row in try await pool.execute(Self.leasesSeen).rows {
            guard let event = EventID(try row.text(0)), partitioning.home(of: event) == keys else { continue }
            highest = max(highest, try row.integer(1))
        }
        return highest
    }
}
