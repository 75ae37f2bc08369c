import Domain
import PostgresClient

/// Reading the outbox.
extension Ledger {
    /// What a reader of changes needs to know before it reads.
    package func changesState() async throws -> ChangesState {
        guard let state = try await pool.query(Statements.changesState, ()).first else {
            throw PostgresError(.unexpectedResult, "the statement changes_state did not return a row")
        }
        return state
    }

    /// Changes after a position, in their order, up to those that are final in `state`. If there are fewer than `limit`,
    /// every change up to there was read.
    package func changes(
        after position: ChangePosition, in state: ChangesState, limit: Int
    ) async throws -> [Change] {
        try await inIndexOrder {
            try await $0.query(Statements.changesRead, (after: position, below: state.below, limit: limit))
        }
    }

    /// Removes changes that are older than some hours and that no endpoint needs, from a slice of `limit` changes after a
    /// position.
    ///
    /// - Returns: the position after which to go on, and how many were removed; nil if no later change can be old.
    package func removeChanges(
        after position: ChangePosition, olderThan hours: Int, limit: Int
    ) async throws -> (last: ChangePosition, removed: Int)? {
        let slice = try await inIndexOrder {
            try await $0.query(Statements.changesRemove, (after: position, hours: hours, limit: limit))
        }
        return slice.first.flatMap { $0.mayBeFollowed ? (last: $0.last, removed: $0.count) : nil }
    }

    /// Waits until each transaction that can write changes now has ended, at most for a time. What begins to be written after
    /// an endpoint was committed is in the outbox; this waits for what has begun before.
    package func waitForWriters(within time: Duration) async throws {
        let deadline = ContinuousClock.now + time
        var writers = Set(try await changesWriters())
        while !writers.isEmpty, ContinuousClock.now < deadline {
            try await Task.sleep(for: .milliseconds(10))
            writers.formIntersection(try await changesWriters())
        }
    }

    /// Runs `body` in a transaction whose statements read tables in the order of an index, whatever their statistics say. It can
    /// be called several times, so it must have no effect outside of the transaction.
    func inIndexOrder<Value: Sendable>(_ body: (PostgresConnection) async throws -> Value) async throws -> Value {
        try await pool.withTransaction(beginningWith: { connection in
            _ = try await connection.query(Statements.planInOrder, ())
            return try await body(connection)
        }) { _, value in value }
    }

    func changesWriters() async throws -> [String] { try await pool.query(Statements.changesWriters, ()) }

    /// Makes the outbox of a ledger that was restored from a dump usable: its transaction numbers are of another server. Every
    /// change that is kept and has no delivery gets one.
    ///
    /// - Returns: whether it was restored.
    package func renumberRestoredChanges() async throws -> Bool {
        guard try await pool.query(Statements.changesRestored, ()).first == true else { return false }
        try await pool.withTransaction { connection in
            try await connection.set(.statement, to: .seconds(300))
            try await connection.execute(Statements.changesRenumber, (), timeout: .seconds(301))
        }
        return true
    }
}
