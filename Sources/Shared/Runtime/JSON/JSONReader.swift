/// Reads one JSON text by its bytes. It reads every byte once, and what it allocates is bounded by the length of the text.
struct JSONReader {
    /// How deep arrays and objects may be nested.
    static let depthLimit = 64

    let bytes: [UInt8]
    var index = 0

    init(bytes: [UInt8]) { self.bytes = bytes }

    /// The byte at the current position; nil at the end.
    var next: UInt8? { index < bytes.count ? bytes[index] : nil }

    /// The only value of the text.
    mutating func text() throws(JSONError) -> JSONValue {
        guard !bytes.starts(with: [0xef, 0xbb, 0xbf]) else { throw flaw(.byteOrderMark) }
        skipSpace()
        guard next != nil else { throw flaw(.empty) }
        let value = try value(depth: 0)
        skipSpace()
        guard next == nil else { throw flaw(.trailingText) }
        return value
    }

    private mutating func value(depth: Int) throws(JSONError) -> JSONValue {
        switch next {
        case UInt8(ascii: "{"): return .object(try members(depth: try deeper(depth)))
        case UInt8(ascii: "["): return .array(try elements(depth: try deeper(depth)))
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "-"): return .number(try number())
        case UInt8(ascii: "t"): return try literal("true", .boolean(true))
        case UInt8(ascii: "f"): return try literal("false", .boolean(false))
        case UInt8(ascii: "n"): return try literal("null", .null)
        case let byte? where Self.isDigit(byte): return .number(try number())
        default: throw missing(.noValue)
        }
    }

    private func deeper(_ depth: Int) throws(JSONError) -> Int {
        guard depth < Self.depthLimit else { throw flaw(.tooDeep) }
        return depth + 1
    }

    private mutating func members(depth: Int) throws(JSONError) -> [JSONValue.Member] {
        var members: [JSONValue.Member] = []
        // By bytes: for Swift, names are also equal that are only canonically equivalent.
        var names: Set<[UInt8]> = []
        guard try begins(endingWith: "}") else { return [] }
        repeat {
            guard next == UInt8(ascii: "\"") else { throw missing(.noName) }
            let start = index
            let name = try string()
            guard names.insert(Array(name.utf8)).inserted else { throw flaw(.repeatedName(name), at: start) }
            skipSpace()
            guard next == UInt8(ascii: ":") else { throw missing(.noColon) }
            index += 1
            skipSpace()
            members.append(JSONValue.Member(name: name, value: try value(depth: depth)))
        } while try continues(endingWith: "}")
        return members
    }

    private mutating func elements(depth: Int) throws(JSONError) -> [JSONValue] {
        var elements: [JSONValue] = []
        guard try begins(endingWith: "]") else { return [] }
        repeat {
            elements.append(try value(depth: depth))
        } while try continues(endingWith: "]")
        return elements
    }

    /// Takes the opening bracket; false if the closing one follows, which is then taken too.
    private mutating func begins(endingWith bracket: Unicode.Scalar) throws(JSONError) -> Bool {
        index += 1
        skipSpace()
        guard next == UInt8(ascii: bracket) else { return true }
        index += 1
        return false
    }

    /// Takes a comma, or the closing bracket, which ends the list: then false.
    private mutating func continues(endingWith bracket: Unicode.Scalar) throws(JSONError) -> Bool {
        skipSpace()
        switch next {
        case UInt8(ascii: bracket):
            index += 1
            return false
        case UInt8(ascii: ","):
            index += 1
            skipSpace()
            guard next != UInt8(ascii: bracket) else { throw flaw(.trailingComma) }
            return true
        default:
            throw missing(.noComma)
        }
    }

    private mutating func literal(_ word: StaticString, _ value: JSONValue) throws(JSONError) -> JSONValue {
        let end = index + word.utf8CodeUnitCount
        let matches = word.withUTF8Buffer { bytes[index..<min(end, bytes.count)].elementsEqual($0) }
        guard matches else { throw flaw(.noValue) }
        index = end
        return value
    }

    static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }

    /// White space as RFC 8259 has it.
    private mutating func skipSpace() {
        while let byte = next, byte == 0x20 || byte == 0x0a || byte == 0x0d || byte == 0x09 { index += 1 }
    }

    func flaw(_ flaw: JSONError.Flaw, at offset: Int? = nil) -> JSONError {
        JSONError(flaw: flaw, offset: offset ?? index)
    }

    /// Something is missing: the rest of the text, or what the flaw names.
    func missing(_ flaw: JSONError.Flaw) -> JSONError { self.flaw(next == nil ? .cutOff : flaw) }
}
