/// A value of RESP2, the Redis serialization protocol, version 2.
package enum RESPValue: Hashable, Sendable {
    case simpleString(String)
    case error(String)
    case integer(Int64)
    case bulkString([UInt8])
    case null
    case array([RESPValue])
}

extension RESPValue {
    /// The text of a simple or bulk string; invalid UTF-8 is replaced.
    package var string: String? {
        switch self {
        case .simpleString(let text): text
        case .bulkString(let bytes): String(decoding: bytes, as: UTF8.self)
        default: nil
        }
    }

    package var integer: Int64? {
        switch self {
        case .integer(let value): value
        case .bulkString, .simpleString: string.flatMap(Int64.init)
        default: nil
        }
    }

    package var array: [RESPValue]? {
        if case .array(let elements) = self { elements } else { nil }
    }

    /// The payload of a published message, an array of `smessage`, the channel and the payload; nil for any other value.
    package var message: [UInt8]? {
        guard case .array(let elements) = self, elements.count == 3, elements[0].string == "smessage",
            case .bulkString(let payload) = elements[2]
        else { return nil }
        return payload
    }

    /// Whether a server that no longer has the slot of a channel says that it has ended the subscription.
    package var isEndOfSubscription: Bool {
        if case .array(let elements) = self { elements.first?.string == "sunsubscribe" } else { false }
    }
}
