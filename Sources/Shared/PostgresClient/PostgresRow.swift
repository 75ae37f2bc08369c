import CLibpq

/// The names of a result's columns.
package struct PostgresColumns: Sendable {
    let names: [String]

    /// The column with a name. Throws if the result has none, or several.
    package subscript<Value: PostgresDecodable>(name: StaticString, as type: Value.Type) -> PostgresColumn<Value> {
        get throws(PostgresError) {
            let text = name.description
            guard let index = names.firstIndex(of: text), names.lastIndex(of: text) == index else {
                throw PostgresError(.invalidStatement, "the result has not exactly one column named \(text)")
            }
            return PostgresColumn(index: Int32(index), name: name)
        }
    }
}

/// A column of a result, found by its name, and the type of its values. An optional type allows NULL.
package struct PostgresColumn<Value: PostgresDecodable>: Sendable {
    let index: Int32
    let name: StaticString
}

/// One row of a result while the result exists. It cannot be copied or kept: values are read from it.
package struct PostgresRow: ~Copyable {
    private let result: OpaquePointer
    private let number: Int32

    init(_ number: Int32, of result: OpaquePointer) {
        self.result = result
        self.number = number
    }

    /// The value of a column. Throws ``PostgresError/Code/unexpectedResult`` if it is NULL or not of the column's type.
    package subscript<Value: PostgresDecodable>(column: PostgresColumn<Value>) -> Value {
        get throws(PostgresError) {
            let text = text(column.index)
            guard let value = Value(postgresText: text) else { throw Self.mismatch(column.name, text, Value.self) }
            return value
        }
    }

    // The same without generics for the most frequent types. A backfill reads millions of values, and a call of the
    // generic subscript from another module is not specialised.

    package subscript(column: PostgresColumn<String?>) -> String? {
        get throws(PostgresError) { text(column.index) }
    }

    package subscript(column: PostgresColumn<String>) -> String {
        get throws(PostgresError) {
            guard let text = text(column.index) else { throw Self.mismatch(column.name, nil, String.self) }
            return text
        }
    }

    package subscript(column: PostgresColumn<Int>) -> Int {
        get throws(PostgresError) {
            let text = text(column.index)
            guard let value = text.flatMap({ Int($0) }) else { throw Self.mismatch(column.name, text, Int.self) }
            return value
        }
    }

    private static func mismatch(_ column: StaticString, _ text: String?, _ type: Any.Type) -> PostgresError {
        PostgresError(
            .unexpectedResult, "the column \(column) \(text == nil ? "is NULL" : "is not of the type \(type)")")
    }

    /// The text of a column, nil for NULL.
    func text(_ column: Int32) -> String? {
        guard PQgetisnull(result, number, column) == 0, let text = PQgetvalue(result, number, column) else {
            return nil
        }
        let length = Int(PQgetlength(result, number, column))
        return String(decoding: UnsafeRawBufferPointer(start: text, count: length), as: UTF8.self)
    }
}
