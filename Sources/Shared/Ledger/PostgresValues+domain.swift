import Domain
import PostgresClient

extension OrderID: PostgresEncodable, PostgresDecodable {
    package var postgresText: String? { description }

    package init?(postgresText: String?) {
        guard let postgresText else { return nil }
        self.init(postgresText)
    }
}

extension EventID: PostgresEncodable, PostgresDecodable {
    package var postgresText: String? { description }

    package init?(postgresText: String?) {
        guard let postgresText else { return nil }
        self.init(postgresText)
    }
}

extension OrderState: PostgresEncodable, PostgresDecodable {}

/// The SQL converts times from and to milliseconds since 1970.
extension Timestamp: PostgresEncodable, PostgresDecodable {
    package var postgresText: String? { String(milliseconds) }

    package init?(postgresText: String?) {
        guard let milliseconds = postgresText.flatMap({ Int64($0) }) else { return nil }
        self.init(milliseconds: milliseconds)
    }
}
