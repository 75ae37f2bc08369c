import NIOHTTP1

/// One spelling for each path, so that all routes read paths by the same rule, whichever part of the program answers:
///
/// - Percent-encoded unreserved characters are decoded (RFC 3986, section 6.2.2.2): `/orders%2Fx` stays, `/%6Frders` does not.
/// - Empty segments and a slash at the end do not count: `//events/` is `/events`.
/// - A question mark without a query does not count.
/// - `.` and `..` are segments like others; no route has them.
/// - Case counts, as in ids of events; an order's id is a UUID, whose case does not count.
enum RequestPath {
    /// The target with its path in the standard spelling; nil if it has it already.
    static func standard(_ target: String) -> String? {
        guard needsChange(target.utf8) else { return nil }
        let parts = target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        // The absolute form, which clients send to proxies (RFC 9112, section 3.2.2), stays with the router.
        guard target.utf8.first == UInt8(ascii: "/") else { return nil }
        let segments = decoded(parts[0].utf8).split(separator: UInt8(ascii: "/"))
        var path = "/" + segments.map { String(decoding: $0, as: UTF8.self) }.joined(separator: "/")
        if parts.count == 2, !parts[1].isEmpty { path += "?" + parts[1] }
        return path == target ? nil : path
    }

    /// Whether the path contains `%`, an empty segment, a slash or a question mark at its end.
    private static func needsChange(_ target: String.UTF8View) -> Bool {
        var previous: UInt8 = 0
        for (index, byte) in target.enumerated() {
            switch byte {
            case UInt8(ascii: "%"): return true
            case UInt8(ascii: "/") where previous == byte: return true
            case UInt8(ascii: "?"):
                return previous == UInt8(ascii: "/") && index > 1 || index == target.count - 1
            default: previous = byte
            }
        }
        return previous == UInt8(ascii: "/") && target.count > 1
    }

    private static func decoded(_ path: Substring.UTF8View) -> [UInt8] {
        var result: [UInt8] = []
        var rest = Array(path)[...]
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "%"), let value = hexadecimal(rest.prefix(2)), isUnreserved(value) {
                rest = rest.dropFirst(2)
                result.append(value)
            } else {
                result.append(byte)
            }
        }
        return result
    }

    private static func hexadecimal(_ digits: ArraySlice<UInt8>) -> UInt8? {
        guard digits.count == 2, digits.allSatisfy({ $0 != UInt8(ascii: "+") && $0 != UInt8(ascii: "-") }) else {
            return nil
        }
        return UInt8(String(decoding: digits, as: UTF8.self), radix: 16)
    }

    private static func isUnreserved(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5a, 0x61...0x7a: true
        case UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "~"): true
        default: false
        }
    }
}
