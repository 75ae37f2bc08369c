import CLibpq
import Glibc

/// Sending statements and receiving their results.
extension PostgresHandle {
    /// Prepares a statement under a name; returns the columns of its result.
    func prepare(
        _ name: String, _ sql: String, deadline: ContinuousClock.Instant
    ) throws(PostgresError) -> PostgresColumns {
        try accepted(PQsendPrepare(connection, name, sql, 0, nil))
        _ = try result(deadline: deadline)
        try accepted(PQsendDescribePrepared(connection, name))
        return try result(deadline: deadline).columns
    }

    /// Runs a prepared statement with parameters in text format.
    func execute(
        prepared name: String, _ parameters: [String?], deadline: ContinuousClock.Instant
    ) throws(PostgresError) -> LibpqResult {
        let sent = withPointers(to: parameters) {
            PQsendQueryPrepared(connection, name, Int32($0.count), $0, nil, nil, 0)
        }
        try accepted(sent)
        return try result(deadline: deadline)
    }

    /// Runs a statement that is not prepared, with parameters in text format.
    func execute(
        once sql: String, _ parameters: [String?], deadline: ContinuousClock.Instant
    ) throws(PostgresError) -> LibpqResult {
        let sent = withPointers(to: parameters) {
            PQsendQueryParams(connection, sql, Int32($0.count), nil, $0, nil, nil, 0)
        }
        try accepted(sent)
        return try result(deadline: deadline)
    }

    /// Runs SQL without parameters; several commands are one transaction.
    func execute(script sql: String, deadline: ContinuousClock.Instant) throws(PostgresError) -> LibpqResult {
        try accepted(PQsendQuery(connection, sql))
        return try result(deadline: deadline)
    }

    private func withPointers(to parameters: [String?], _ body: ([UnsafePointer<CChar>?]) -> Int32) -> Int32 {
        let copies = parameters.map { $0.flatMap { strdup($0) } }
        defer { for copy in copies { free(copy) } }
        return body(copies.map { $0.map { UnsafePointer($0) } })
    }

    private func accepted(_ code: Int32) throws(PostgresError) {
        guard code == 1 else { throw lastError(.connectionLost) }
    }

    /// Sends what is buffered and receives all results of the query. Returns the last result or throws the first error.
    private func result(deadline: ContinuousClock.Instant) throws(PostgresError) -> LibpqResult {
        while true {
            let flushed = PQflush(connection)
            guard flushed >= 0 else { throw lastError(.connectionLost) }
            if flushed == 0 { break }
            let ready = try wait(for: Int16(POLLIN | POLLOUT), until: deadline, otherwise: .timeout)
            if ready & Int16(POLLIN) != 0 { try accepted(PQconsumeInput(connection)) }
        }
        guard var last = try next(deadline: deadline) else {
            throw PostgresError(.connectionLost, "the query has no result")
        }
        var failure = last.error
        while let following = try next(deadline: deadline) {
            last = following
            failure = failure ?? last.error
        }
        if let failure { throw failure }
        return last
    }

    /// The next result of the query; nil after the last one.
    private func next(deadline: ContinuousClock.Instant) throws(PostgresError) -> LibpqResult? {
        while PQisBusy(connection) == 1 {
            try wait(for: Int16(POLLIN), until: deadline, otherwise: .timeout)
            try accepted(PQconsumeInput(connection))
        }
        return PQgetResult(connection).map { LibpqResult(owning: $0) }
    }
}
