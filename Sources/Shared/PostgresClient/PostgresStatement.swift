/// A statement: its SQL with named parameters, the values of the parameters and how a row of the answer reads.
///
/// - `Input` is what the parameters are taken from.
/// - `Row` is what a row becomes; `Never` for a statement whose answer has no rows.
///
/// The text is translated once, when the statement is created. If its parameters and the given ones differ, or if a
/// column that a row is read from is missing, each use throws ``PostgresError/Code/invalidStatement`` before the
/// statement runs.
package struct PostgresStatement<Input, Row>: Sendable {
    /// The parameters by name, each with its value.
    package typealias Parameters = KeyValuePairs<String, @Sendable (Input) -> any PostgresEncodable>
    /// Reads one row.
    package typealias Reader = @Sendable (borrowing PostgresRow) throws -> Row

    /// Unique among the statements of a connection.
    package let name: String
    /// Whether the statement is prepared, once on each connection. If not, the server parses it each time.
    package let isPrepared: Bool
    /// Why the statement cannot be used: its parameters and the given ones differ. Nil if they agree.
    package let flaw: String?
    let sql: PostgresSQL
    private let values: [@Sendable (Input) -> any PostgresEncodable]
    private let makeReader: @Sendable (PostgresColumns) throws -> Reader

    /// - Parameters:
    ///   - sql: one command. Its parameters are written `:name`.
    ///   - parameters: exactly the names of the SQL, in any order.
    ///   - reader: finds the columns by name, once for each result, and returns the function that reads a row.
    package init(
        _ name: String, sql: String, isPrepared: Bool = true, parameters: Parameters = [:],
        reader: @escaping @Sendable (PostgresColumns) throws -> Reader
    ) {
        let sql = PostgresSQL(sql)
        let given = parameters.map(\.key)
        let differences = [
            ("has no value for", sql.parameters.filter { !given.contains($0) }),
            ("has no parameter named", given.filter { !sql.parameters.contains($0) }),
            ("repeats", Set(given.filter { name in given.count { $0 == name } > 1 }).sorted()),
        ].filter { !$0.1.isEmpty }.map { "\($0.0) \($0.1.joined(separator: ", "))" }
        flaw = differences.isEmpty ? nil : "the statement \(name) \(differences.joined(separator: " and "))"
        values = sql.parameters.compactMap { name in parameters.first { $0.key == name }?.value }
        self.name = name
        self.sql = sql
        self.isPrepared = isPrepared
        makeReader = reader
    }

    /// The values in the order of the numbered parameters.
    func values(of input: Input) throws(PostgresError) -> [PostgresParameter] {
        if let flaw { throw PostgresError(.invalidStatement, flaw) }
        return values.map { $0(input).postgresParameter }
    }

    /// Throws if a value is a binary array, and the statement gives its parameter another type. `types` are the OIDs of
    /// the types that it gives.
    func check(_ values: [PostgresParameter], against types: [UInt32]) throws(PostgresError) {
        for (index, value) in values.enumerated() {
            guard let element = value.element, !types.indices.contains(index) || types[index] != element.arrayOID else {
                continue
            }
            throw PostgresError(
                .invalidStatement, "the statement \(name) does not give \(sql.parameters[index]) the type \(element)[]")
        }
    }

    func reader(of columns: PostgresColumns) throws(PostgresError) -> Reader {
        do {
            return try makeReader(columns)
        } catch {
            let reason = (error as? PostgresError)?.message ?? "\(error)"
            throw PostgresError(.invalidStatement, "the statement \(name): \(reason)")
        }
    }
}

extension PostgresStatement where Row == Never {
    /// A statement whose answer has no rows.
    package init(_ name: String, sql: String, isPrepared: Bool = true, parameters: Parameters = [:]) {
        self.init(name, sql: sql, isPrepared: isPrepared, parameters: parameters) { _ in
            { _ in throw PostgresError(.unexpectedResult, "a row was not expected") }
        }
    }
}

extension PostgresStatement {
    /// The same with the text of an embedded file.
    package init(
        _ name: String, sql: [UInt8], isPrepared: Bool = true, parameters: Parameters = [:],
        reader: @escaping @Sendable (PostgresColumns) throws -> Reader
    ) {
        self.init(
            name, sql: String(decoding: sql, as: UTF8.self), isPrepared: isPrepared, parameters: parameters,
            reader: reader)
    }
}

extension PostgresStatement where Row == Never {
    /// The same with the text of an embedded file.
    package init(_ name: String, sql: [UInt8], isPrepared: Bool = true, parameters: Parameters = [:]) {
        self.init(
            name, sql: String(decoding: sql, as: UTF8.self), isPrepared: isPrepared, parameters: parameters)
    }
}

/// What a check of all statements needs to know about each, whatever it takes and answers.
package protocol AnyPostgresStatement: Sendable {
    var name: String { get }
    var flaw: String? { get }
    /// Prepares the statement and finds its columns without running it. Throws if the server refuses the text or a
    /// column is missing.
    func check(on connection: PostgresConnection) async throws(PostgresError)
}

extension PostgresStatement: AnyPostgresStatement {
    package func check(on connection: PostgresConnection) async throws(PostgresError) {
        try await connection.check(self)
    }
}
