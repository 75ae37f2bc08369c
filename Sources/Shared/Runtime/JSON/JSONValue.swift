package import NIOCore

/// A value of JSON (RFC 8259).
package enum JSONValue: Hashable, Sendable {
    case null
    case boolean(Bool)
    case number(JSONNumber)
    case string(String)
    case array([JSONValue])
    /// The members in the order of the text. No two have the same name.
    case object([Member])

    package struct Member: Hashable, Sendable {
        package var name: String
        package var value: JSONValue
    }

    /// Reads a text that is one value, in the grammar of RFC 8259 and in UTF-8.
    ///
    /// It is stricter than the grammar in three points, which the RFC leaves to implementations: names in an object are
    /// unique, compared after unescaping; escapes are Unicode scalars, not halves of surrogate pairs; and values are nested
    /// at most 64 deep. A byte-order mark is refused.
    package init(_ text: ByteBuffer) throws(JSONError) {
        var reader = JSONReader(bytes: Array(text.readableBytesView))
        self = try reader.text()
    }
}

/// Why a text is not JSON, and where.
package struct JSONError: Error, Hashable, Sendable, CustomStringConvertible {
    package enum Flaw: Hashable, Sendable {
        case empty, cutOff, byteOrderMark, noValue, noName, noColon, noComma, trailingComma, trailingText
        case controlCharacter, unknownEscape, loneSurrogate, notUTF8, malformedNumber, tooDeep
        case repeatedName(String)
    }

    package let flaw: Flaw
    /// The number of bytes before the flaw.
    package let offset: Int

    package var description: String { "\(reason) (byte \(offset + 1))" }

    private var reason: String {
        switch flaw {
        case .empty: "it has no value"
        case .cutOff: "it ends before the value does"
        case .byteOrderMark: "it begins with a byte-order mark"
        case .noValue: "a value is expected"
        case .noName: "a name in quotation marks is expected"
        case .noColon: "a colon is expected after a name"
        case .noComma: "a comma or a closing bracket is expected"
        case .trailingComma: "a comma is followed by a closing bracket"
        case .trailingText: "text follows the value"
        case .controlCharacter: "a string has a control character that is not escaped"
        case .unknownEscape: "a string has an escape that JSON does not have"
        case .loneSurrogate: "a string has half of a surrogate pair"
        case .notUTF8: "a string is not UTF-8"
        case .malformedNumber: "a number is malformed"
        case .tooDeep: "values are nested more than \(JSONReader.depthLimit) deep"
        case .repeatedName: "a name occurs twice in an object"
        }
    }
}
