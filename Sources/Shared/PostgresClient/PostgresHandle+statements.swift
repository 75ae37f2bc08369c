import CLibpq
import Glibc

/// Sending statements and receiving their results.
extension PostgresHandle {
    /// Prepares a statement under a name; returns the columns of its result and the types of its parameters.
    func prepare(
        _ name: String, _ sql: String, deadline: ContinuousClock.Instant
    ) throws(PostgresError) -> (columns: PostgresColumns, parameters: [UInt32]) {
        try accepted(PQsendPrepare(connection, name, sql, 0, nil))
        _ = try result(deadline: deadline)
        try accepted(PQsendDescribePrepared(connection, name))
        let description = try result(deadline: deadline)
        return (description.columns, description.parameterTypes)
    }

    /// Runs a prepared statement.
    func execute(
        prepared name: String, _ parameters: [PostgresParameter], deadline: ContinuousClock.Instant
    ) throws(PostgresError) -> LibpqResult {
        let sent = PostgresParameter.withArrays(of: parameters) { values, lengths, formats in
            PQsendQueryPrepared(connection, name, Int32(values.count), values, lengths, formats, 0)
        }
        try accepted(sent)
        return try result(deadline: deadline)
    }

    /// Runs a statement that is not prepared.
    func execute(
        once sql: String, _ parameters: [PostgresParameter], deadline: ContinuousClock.Instant
    ) throws(PostgresError) -> LibpqResult {
        // 0: the server infers the type.
        let types = parameters.map { Oid($0.element?.arrayOID ?? 0) }
        let sent = PostgresParameter.withArrays(of: parameters) { values, lengths, formats in
            PQsendQueryParams(connection, sql, Int32(values.count), types, values, lengths, formats, 0)
        }
        try accepted(sent)
        return try result(deadline: deadline)
    }

    /// Runs SQL without parameters; several commands are one transaction.
    func execute(script sql: String, deadline: ContinuousClock.Instant) throws(PostgresError) -> LibpqResult {
        try accepted(PQsendQuery(connection, sql))
        return try result(deadline: deadline)
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
