/// A value that can be a parameter of a statement.
package protocol PostgresEncodable {
    var postgresParameter: PostgresParameter { get }
}

/// A value that is sent in PostgreSQL's text format.
package protocol PostgresTextEncodable: PostgresEncodable {
    /// The value in PostgreSQL's text format; nil is NULL.
    var postgresText: String? { get }
}

extension PostgresTextEncodable {
    package var postgresParameter: PostgresParameter { postgresText.map { .text($0) } ?? .null }
}

/// A value that can be read from a column.
package protocol PostgresDecodable {
    /// Nil if a value in PostgreSQL's text format, or NULL (nil), is not a value of this type.
    init?(postgresText: String?)
}

extension String: PostgresTextEncodable, PostgresDecodable {
    package var postgresText: String? { self }

    package init?(postgresText: String?) {
        guard let postgresText else { return nil }
        self = postgresText
    }
}

extension Int: PostgresTextEncodable, PostgresDecodable {
    package var postgresText: String? { String(self) }

    package init?(postgresText: String?) {
        guard let postgresText else { return nil }
        self.init(postgresText)
    }
}

extension Bool: PostgresTextEncodable, PostgresDecodable {
    package var postgresText: String? { self ? "true" : "false" }

    package init?(postgresText: String?) {
        switch postgresText {
        case "t": self = true
        case "f": self = false
        default: return nil
        }
    }
}

extension Optional: PostgresEncodable where Wrapped: PostgresEncodable {
    package var postgresParameter: PostgresParameter { self?.postgresParameter ?? .null }
}

extension Optional: PostgresTextEncodable where Wrapped: PostgresTextEncodable {
    package var postgresText: String? { self?.postgresText }
}

extension Optional: PostgresDecodable where Wrapped: PostgresDecodable {
    package init?(postgresText: String?) {
        guard let postgresText else {
            self = .none
            return
        }
        guard let value = Wrapped(postgresText: postgresText) else { return nil }
        self = .some(value)
    }
}

extension Array: PostgresEncodable where Element: PostgresTextEncodable {}

extension Array: PostgresTextEncodable where Element: PostgresTextEncodable {
    package var postgresText: String? { PostgresArray.literal(map(\.postgresText)) }
}

/// An enumeration whose cases are texts.
extension PostgresTextEncodable where Self: RawRepresentable, RawValue == String {
    package var postgresText: String? { rawValue }
}

extension PostgresDecodable where Self: RawRepresentable, RawValue == String {
    package init?(postgresText: String?) {
        guard let postgresText else { return nil }
        self.init(rawValue: postgresText)
    }
}

/// Writes PostgreSQL array literals (section 8.15.6 of its manual).
package enum PostgresArray {
    /// Every element but NULL is quoted, so that no text can be read as syntax or as NULL.
    package static func literal(_ values: some Sequence<String?>) -> String {
        var text = "{"
        for value in values {
            if text.utf8.count > 1 { text += "," }
            guard let value else {
                text += "NULL"
                continue
            }
            text += "\""
            if value.utf8.contains(where: { $0 == UInt8(ascii: "\"") || $0 == UInt8(ascii: "\\") }) {
                for scalar in value.unicodeScalars {
                    if scalar == "\"" || scalar == "\\" { text.unicodeScalars.append("\\") }
                    text.unicodeScalars.append(scalar)
                }
            } else {
                text += value
            }
            text += "\""
        }
        return text + "}"
    }
}
