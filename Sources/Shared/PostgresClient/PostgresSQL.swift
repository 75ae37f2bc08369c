/// A statement's text with its named parameters (`:event_id`) translated to the numbered parameters of the protocol
/// (`$1`). A name that occurs more than once keeps its number.
///
/// A colon is part of a parameter if a letter or an underscore follows it. Casts (`::int`), string constants, quoted
/// identifiers, dollar-quoted strings and comments are copied unchanged. In an array slice, a space after the colon
/// keeps an upper bound that is a column from being taken for a parameter: `[1: upper]`.
struct PostgresSQL: Hashable, Sendable {
    /// The text that is sent to the server.
    let text: String
    /// The names in the order of their numbers.
    let parameters: [String]

    init(_ source: String) {
        var translation = Translation(Array(source.utf8))
        translation.run()
        text = String(decoding: translation.output, as: UTF8.self)
        parameters = translation.parameters
    }
}

/// One pass over the bytes of a statement.
private struct Translation {
    private let source: [UInt8]
    private var position = 0
    private(set) var output: [UInt8] = []
    private(set) var parameters: [String] = []

    init(_ source: [UInt8]) {
        self.source = source
        output.reserveCapacity(source.count)
    }

    mutating func run() {
        while let byte = byte(0) {
            switch (byte, self.byte(1)) {
            case (UInt8(ascii: "'"), _): copyQuoted(byte, escapes: isEscapeString)
            case (UInt8(ascii: "\""), _): copyQuoted(byte, escapes: false)
            case (UInt8(ascii: "-"), UInt8(ascii: "-")): copyLine()
            case (UInt8(ascii: "/"), UInt8(ascii: "*")): copyComment()
            case (UInt8(ascii: "$"), _): copyDollar()
            case (UInt8(ascii: ":"), UInt8(ascii: ":")): copy(2)
            case (UInt8(ascii: ":"), let next?) where next.beginsName: replaceParameter()
            default: copy(1)
            }
        }
    }

    private func byte(_ offset: Int) -> UInt8? {
        let index = position + offset
        return source.indices.contains(index) ? source[index] : nil
    }

    private mutating func copy(_ count: Int) {
        let end = min(position + count, source.count)
        output += source[position..<end]
        position = end
    }

    /// Whether the quote at the position opens a string constant with backslash escapes: `E'…'`.
    private var isEscapeString: Bool {
        guard let prefix = byte(-1), prefix | 0x20 == UInt8(ascii: "e") else { return false }
        return byte(-2)?.continuesName != true
    }

    /// A doubled quote needs no case of its own: it reads as the end of one constant and the beginning of the next.
    private mutating func copyQuoted(_ quote: UInt8, escapes: Bool) {
        copy(1)
        while let byte = byte(0) {
            copy(escapes && byte == UInt8(ascii: "\\") ? 2 : 1)
            if byte == quote { return }
        }
    }

    private mutating func copyLine() {
        while let byte = byte(0), byte != UInt8(ascii: "\n") { copy(1) }
    }

    /// Comments nest.
    private mutating func copyComment() {
        var depth = 0
        repeat {
            switch (byte(0), byte(1)) {
            case (nil, _): return
            case (UInt8(ascii: "/"), UInt8(ascii: "*")):
                depth += 1
                copy(2)
            case (UInt8(ascii: "*"), UInt8(ascii: "/")):
                depth -= 1
                copy(2)
            default: copy(1)
            }
        } while depth > 0
    }

    /// Copies a dollar-quoted string with its delimiters (`$tag$ … $tag$`), or a dollar sign that opens none.
    private mutating func copyDollar() {
        var end = position + 1
        while end < source.count, source[end].continuesName { end += 1 }
        let isDelimiter =
            end < source.count && source[end] == UInt8(ascii: "$") && byte(-1)?.continuesName != true
            && !(byte(1)?.isDigit ?? false)
        guard isDelimiter else { return copy(1) }
        let delimiter = source[position...end]
        copy(delimiter.count)
        while position < source.count, !source[position...].starts(with: delimiter) { copy(1) }
        copy(delimiter.count)
    }

    private mutating func replaceParameter() {
        var end = position + 1
        while end < source.count, source[end].continuesName { end += 1 }
        let name = String(decoding: source[position + 1..<end], as: UTF8.self)
        position = end
        let index = parameters.firstIndex(of: name) ?? parameters.count
        if index == parameters.count { parameters.append(name) }
        output += "$\(index + 1)".utf8
    }
}

extension UInt8 {
    fileprivate var isDigit: Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(self) }
    fileprivate var beginsName: Bool {
        self == UInt8(ascii: "_") || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(self | 0x20)
    }
    fileprivate var continuesName: Bool { beginsName || isDigit }
}
