import CLibpq

/// The answer to one command. Owns a `PGresult` and frees it.
struct LibpqResult: ~Copyable {
    private let result: OpaquePointer

    init(owning result: OpaquePointer) {
        self.result = result
    }

    deinit {
        PQclear(result)
    }

    /// The server's error, or libpq's; nil if the command succeeded.
    var error: PostgresError? {
        switch PQresultStatus(result) {
        case PGRES_TUPLES_OK, PGRES_COMMAND_OK, PGRES_EMPTY_QUERY: return nil
        default: break
        }
        let message = field("M") ?? String(cString: PQresultErrorMessage(result))
        // An error without a SQLSTATE is libpq's: the connection broke.
        guard let sqlState = field("C") else { return PostgresError(.connectionLost, message) }
        return PostgresError(message, sqlState: sqlState)
    }

    private func field(_ code: Unicode.Scalar) -> String? {
        PQresultErrorField(result, Int32(code.value)).map { String(cString: $0) }
    }

    var columns: PostgresColumns {
        PostgresColumns(
            names: (0..<PQnfields(result)).map { column in PQfname(result, column).map { String(cString: $0) } ?? "" })
    }

    /// The types of a statement's parameters, in the description of the statement.
    var parameterTypes: [UInt32] { (0..<PQnparams(result)).map { PQparamtype(result, $0) } }

    /// The command that ran, as the server names it: `COMMIT`, `INSERT 0 1`.
    var tag: String { PQcmdStatus(result).map { String(cString: $0) } ?? "" }

    /// Rows that the command changed, by its tag; 0 if the tag has no number.
    var affected: Int { PQcmdTuples(result).flatMap { Int(String(cString: $0)) } ?? 0 }

    func rows<Row>(_ read: (borrowing PostgresRow) throws -> Row) throws(PostgresError) -> [Row] {
        let count = PQntuples(result)
        var rows: [Row] = []
        rows.reserveCapacity(Int(count))
        do {
            for number in 0..<count {
                let row = PostgresRow(number, of: result)
                rows.append(try read(row))
            }
        } catch {
            throw error as? PostgresError ?? PostgresError(.unexpectedResult, "\(error)")
        }
        return rows
    }

    /// The rows as texts, for scripts.
    var texts: [[String?]] {
        let columns = PQnfields(result)
        return (0..<PQntuples(result)).map { number in
            let row = PostgresRow(number, of: result)
            return (0..<columns).map { row.text($0) }
        }
    }
}

/// What a script answered: the rows of its last command, columns as texts, nil for NULL.
package struct PostgresResult: Hashable, Sendable {
    package var rows: [[String?]]
}
