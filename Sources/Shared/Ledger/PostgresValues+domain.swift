import Domain
package import PostgresClient

extension OrderID: PostgresTextEncodable, PostgresDecodable {
    package var postgresText: String? { description }

    package init?(postgresText: String?) {
        guard let postgresText else { return nil }
        self.init(postgresText)
    }
}

extension OrderID: PostgresBinaryElement {
    package static var postgresType: PostgresElementType { .uuid }

    package func write(to bytes: inout PostgresBytes) {
        bytes.append(high)
        bytes.append(low)
    }
}

extension EventID: PostgresTextEncodable, PostgresDecodable {
    package var postgresText: String? { description }

    package init?(postgresText: String?) {
        guard let postgresText else { return nil }
        self.init(postgresText)
    }
}

extension OrderState: PostgresTextEncodable, PostgresDecodable {}

/// As text, a time is the number of milliseconds since 1970, which the SQL converts.
extension Timestamp: PostgresTextEncodable, PostgresDecodable {
    package var postgresText: String? { String(milliseconds) }

    package init?(postgresText: String?) {
        guard let milliseconds = postgresText.flatMap({ Int64($0) }) else { return nil }
        self.init(milliseconds: milliseconds)
    }
}

/// In binary format, a time is the number of microseconds since 2000.
extension Timestamp: PostgresBinaryElement {
    package static var postgresType: PostgresElementType { .timestamptz }

    private static let year2000: Int64 = 946_684_800_000
    /// Out of range, so the server refuses it. (The highest and the lowest number are its infinities.)
    private static let refused = Int64.max - 1

    package func write(to bytes: inout PostgresBytes) {
        let (since2000, isEarly) = milliseconds.subtractingReportingOverflow(Self.year2000)
        let (microseconds, isLate) = since2000.multipliedReportingOverflow(by: 1000)
        bytes.append(isEarly || isLate ? Self.refused : microseconds)
    }
}
