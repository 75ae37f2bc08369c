import NIOHTTP1

/// What a request's head says about its connection and its body.
struct RequestFraming: Hashable, Sendable {
    /// Whether the connection closes after the response: the client asks for it, or uses HTTP/1.0 and does not ask to keep
    /// the connection.
    var closes: Bool
    /// Whether the client waits for a response before it sends the body (RFC 9110, section 10.1.1).
    var expectsContinue = false
    /// Whether `Host` is as required: exactly one that is valid, or none with HTTP/1.0 (RFC 9112, section 3.2).
    var hasValidHost: Bool
    var id = RequestID.Given.none

    init(_ head: HTTPRequestHead) {
        closes = !head.isKeepAlive
        var hosts = 0
        var isHostValid = true
        var hasBody = false
        var expects = false
        for (name, value) in head.headers {
            switch name.utf8.count {
            case 4 where name.isSameField(as: "host"):
                hosts += 1
                isHostValid = isHostValid && HostField.isValid(value)
            case 6 where name.isSameField(as: "expect"): expects = value.lowercased() == "100-continue"
            case 11 where name.isSameField(as: "traceparent"): id.trace = RequestID.trace(value)
            case 12 where name.isSameField(as: "x-request-id"): if RequestID.isValid(value) { id.id = value }
            case 14 where name.isSameField(as: "content-length"): hasBody = value != "0"
            case 17 where name.isSameField(as: "transfer-encoding"): hasBody = true
            default: break
            }
        }
        let isHTTP1_0 = head.version == .http1_0
        hasValidHost = isHostValid && (hosts == 1 || hosts == 0 && isHTTP1_0)
        expectsContinue = expects && hasBody && !isHTTP1_0
    }
}

/// The field `Host`: `uri-host [ ":" port ]` (RFC 9110, section 7.2), or empty.
enum HostField {
    static func isValid(_ value: String) -> Bool {
        var rest = value.utf8[...]
        if rest.first == UInt8(ascii: "[") {
            guard let end = rest.firstIndex(of: UInt8(ascii: "]")), rest.index(after: rest.startIndex) < end else {
                return false
            }
            guard rest[rest.startIndex..<end].dropFirst().allSatisfy(\.isInIPLiteral) else { return false }
            rest = rest[end...].dropFirst()
        } else {
            rest = rest.drop(while: \.isInRegisteredName)
        }
        guard let colon = rest.first else { return true }
        return colon == UInt8(ascii: ":") && rest.dropFirst().allSatisfy { (0x30...0x39).contains($0) }
    }
}

extension UInt8 {
    fileprivate var isAlphanumeric: Bool {
        (0x30...0x39).contains(self) || (0x41...0x5a).contains(self) || (0x61...0x7a).contains(self)
    }

    /// `unreserved`, `sub-delims` and `%`, without checking the digits after it (RFC 3986, section 3.2.2).
    fileprivate var isInRegisteredName: Bool {
        if isAlphanumeric { return true }
        switch self {
        case UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "~"), UInt8(ascii: "!"),
            UInt8(ascii: "$"), UInt8(ascii: "&"), UInt8(ascii: "'"), UInt8(ascii: "("), UInt8(ascii: ")"),
            UInt8(ascii: "*"), UInt8(ascii: "+"), UInt8(ascii: ","), UInt8(ascii: ";"), UInt8(ascii: "="),
            UInt8(ascii: "%"):
            return true
        default:
            return false
        }
    }

    fileprivate var isInIPLiteral: Bool {
        isInRegisteredName && self != UInt8(ascii: "%") || self == UInt8(ascii: ":")
    }
}

extension String {
    /// Whether this is the name of a field, in any case (RFC 9110, section 5.1).
    ///
    /// - Parameter field: in lower case, without letters beyond ASCII.
    func isSameField(as field: StaticString) -> Bool {
        utf8.count == field.utf8CodeUnitCount
            && field.withUTF8Buffer { field in utf8.elementsEqual(field) { $0 | 0x20 == $1 | 0x20 } }
    }
}
