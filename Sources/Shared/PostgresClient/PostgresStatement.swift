/// A statement with its text; prepared once on each connection under its name.
package struct PostgresStatement: Hashable, Sendable {
    package let name: String
    package let sql: String

    package init(name: String, sql: String) {
        self.name = name
        self.sql = sql
    }
}

/// What a statement answered: rows of columns in text form, nil for NULL.
package struct PostgresResult: Hashable, Sendable {
    package var rows: [[String?]]
    /// Rows that the command changed, as its tag says; 0 where it says nothing.
    package var affected: Int
}

extension [String?] {
    /// A column that cannot be NULL.
    package func text(_ column: Int) throws(PostgresError) -> String {
        guard indices.contains(column), let value = self[column] else {
            throw PostgresError(.unexpectedResult, "column \(column) is missing or NULL")
        }
        return value
    }

    package func integer(_ column: Int) throws(PostgresError) -> Int {
        guard let value = Int(try text(column)) else {
            throw PostgresError(.unexpectedResult, "column \(column) is no integer")
        }
        return value
    }

    package func integerIfPresent(_ column: Int) throws(PostgresError) -> Int? {
        guard indices.contains(column) else { throw PostgresError(.unexpectedResult, "column \(column) is missing") }
        return self[column] == nil ? nil : try integer(column)
    }
}

/// Writes PostgreSQL array literals (the manual's section 8.15.6).
package enum PostgresArray {
    package static func literal(_ values: some Sequence<some BinaryInteger>) -> String {
        "{" + values.map { String($0) }.joined(separator: ",") + "}"
    }

    /// Every element is quoted, so that no text can be taken for syntax or for NULL.
    package static func literal(_ values: [String]) -> String { literal(values.map(Optional.some)) }

    /// The same for values that may be NULL.
    package static func literal(_ values: some Sequence<String?>) -> String {
        var text = "{"
        for value in values {
            if text.utf8.count > 1 { text += "," }
            guard let value else {
                text += "NULL"
                continue
            }
            text += "\""
            for scalar in value.unicodeScalars {
                if scalar == "\"" || scalar == "\\" { text.unicodeScalars.append("\\") }
                text.unicodeScalars.append(scalar)
            }
            text += "\""
        }
        return text + "}"
    }
}
