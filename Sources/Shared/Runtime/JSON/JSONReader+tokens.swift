/// Strings and numbers (RFC 8259, sections 6 and 7).
extension JSONReader {
    // MARK: Numbers

    mutating func number() throws(JSONError) -> JSONNumber {
        let isNegative = take("-")
        let whole = digits()
        guard let first = whole.first else { throw missing(.malformedNumber) }
        // A zero stands alone before the decimal point.
        guard first != UInt8(ascii: "0") || whole.count == 1 else { throw flaw(.malformedNumber) }
        var (fraction, exponent, exponentIsNegative) = (ArraySlice<UInt8>(), ArraySlice<UInt8>(), false)
        if take(".") {
            fraction = digits()
            guard !fraction.isEmpty else { throw missing(.malformedNumber) }
        }
        if take("e") || take("E") {
            exponentIsNegative = take("-")
            if !exponentIsNegative { _ = take("+") }
            exponent = digits()
            guard !exponent.isEmpty else { throw missing(.malformedNumber) }
        }
        return JSONNumber(
            isNegative: isNegative, whole: whole, fraction: fraction, exponent: exponent,
            exponentIsNegative: exponentIsNegative)
    }

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard next == UInt8(ascii: character) else { return false }
        index += 1
        return true
    }

    private mutating func digits() -> ArraySlice<UInt8> {
        let start = index
        while let byte = next, Self.isDigit(byte) { index += 1 }
        return bytes[start..<index]
    }

    // MARK: Strings

    /// A string without its quotation marks and escapes.
    mutating func string() throws(JSONError) -> String {
        let start = index
        var content: [UInt8] = []
        index += 1
        while let byte = next {
            switch byte {
            case UInt8(ascii: "\""):
                index += 1
                // An escape is a complete scalar, so it completes no sequence that was begun without it.
                guard let text = String(validating: content, as: UTF8.self) else { throw flaw(.notUTF8, at: start) }
                return text
            case UInt8(ascii: "\\"):
                content.append(contentsOf: String(try escape()).utf8)
            case ..<0x20:
                throw flaw(.controlCharacter)
            default:
                content.append(byte)
                index += 1
            }
        }
        throw flaw(.cutOff)
    }

    private mutating func escape() throws(JSONError) -> Unicode.Scalar {
        let start = index
        index += 1
        guard let byte = next else { throw flaw(.cutOff) }
        index += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return Unicode.Scalar(byte)
        case UInt8(ascii: "b"): return "\u{8}"
        case UInt8(ascii: "f"): return "\u{c}"
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "u"): return try unicodeEscape(at: start)
        default: throw flaw(.unknownEscape, at: start)
        }
    }

    /// The scalar of `\uXXXX`, or of two of them that are a surrogate pair.
    private mutating func unicodeEscape(at start: Int) throws(JSONError) -> Unicode.Scalar {
        let first = try codeUnit(at: start)
        if let scalar = Unicode.Scalar(first) { return scalar }
        guard UTF16.isLeadSurrogate(first), take("\\"), take("u") else { throw flaw(.loneSurrogate, at: start) }
        let second = try codeUnit(at: index - 2)
        guard UTF16.isTrailSurrogate(second),
            let scalar = Unicode.Scalar(0x10000 + (UInt32(first) - 0xd800) << 10 + (UInt32(second) - 0xdc00))
        else { throw flaw(.loneSurrogate, at: start) }
        return scalar
    }

    private mutating func codeUnit(at start: Int) throws(JSONError) -> UInt16 {
        var unit: UInt16 = 0
        for _ in 0..<4 {
            guard let byte = next else { throw flaw(.cutOff) }
            guard let digit = Self.hexadecimal(byte) else { throw flaw(.unknownEscape, at: start) }
            unit = unit << 4 | digit
            index += 1
        }
        return unit
    }

    /// The value of a hexadecimal digit.
    private static func hexadecimal(_ byte: UInt8) -> UInt16? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt16(byte - UInt8(ascii: "0"))
        case UInt8(ascii: "a")...UInt8(ascii: "f"): UInt16(byte - UInt8(ascii: "a")) + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): UInt16(byte - UInt8(ascii: "A")) + 10
        default: nil
        }
    }
}
