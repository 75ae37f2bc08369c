public import Foundation

/// A response of the API, with any status.
public struct APIResponse: Sendable {
    public let status: Int
    /// The header `Retry-After`.
    public let retryAfter: String?
    /// Whether the order was made by an earlier request with the same key.
    public let isReplayed: Bool
    public let body: Data

    public init(status: Int, retryAfter: String? = nil, isReplayed: Bool = false, body: Data) {
        self.status = status
        self.retryAfter = retryAfter
        self.isReplayed = isReplayed
        self.body = body
    }

    public var isSuccess: Bool { (200..<300).contains(status) }

    /// The value that the body is the JSON of.
    func decoded<Value: Decodable>(_ type: Value.Type = Value.self) throws -> Value {
        try JSONDecoder().decode(type, from: body)
    }
}

extension KeyedDecodingContainer {
    /// A time as the API writes it: RFC 3339, in UTC, with milliseconds.
    func time(_ key: Key) throws -> Date {
        let text = try decode(String.self, forKey: key)
        do {
            return try Date(text, strategy: Date.ISO8601FormatStyle(includingFractionalSeconds: true))
        } catch {
            throw DecodingError.dataCorruptedError(forKey: key, in: self, debugDescription: "'\(text)' is no time")
        }
    }

    func timeIfPresent(_ key: Key) throws -> Date? { contains(key) ? try time(key) : nil }
}
