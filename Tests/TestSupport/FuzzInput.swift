/// The random choices of one input of a fuzz test. The same seed makes the same choices.
package struct FuzzInput: RandomNumberGenerator {
    package let seed: UInt64
    private var generator: SeededGenerator

    package init(seed: UInt64) {
        self.seed = seed
        generator = SeededGenerator(seed: seed)
    }

    package mutating func next() -> UInt64 { generator.next() }

    /// A number of the range, each with the same probability (but for a bias below 2^-32 for ranges of 32 bits).
    package mutating func int(_ range: ClosedRange<Int>) -> Int {
        let width = UInt64(bitPattern: Int64(range.upperBound &- range.lowerBound)) &+ 1
        let offset = width == 0 ? next() : next().multipliedFullWidth(by: width).high
        return range.lowerBound &+ Int(truncatingIfNeeded: offset)
    }

    /// True once in `count` times.
    package mutating func oneIn(_ count: Int) -> Bool { int(1...count) == 1 }

    package mutating func pick<Value>(_ values: [Value]) -> Value { values[int(0...values.count - 1)] }

    /// A number of the range: half of the times close to an end of it or to zero, where mistakes are.
    package mutating func edge(_ range: ClosedRange<Int>) -> Int {
        guard oneIn(2) else { return int(range) }
        let near = pick([range.lowerBound, range.upperBound, 0])
        let (moved, overflow) = near.addingReportingOverflow(int(-2...2))
        return min(max(overflow ? near : moved, range.lowerBound), range.upperBound)
    }

    /// Any bytes, at most `limit`.
    package mutating func bytes(upTo limit: Int) -> [UInt8] {
        bytes(int(0...limit)) { UInt8(truncatingIfNeeded: $0.next()) }
    }

    /// Bytes of an alphabet, at most `limit`.
    package mutating func bytes(of alphabet: [UInt8], upTo limit: Int) -> [UInt8] {
        bytes(int(0...limit)) { $0.pick(alphabet) }
    }

    private mutating func bytes(_ count: Int, _ next: (inout FuzzInput) -> UInt8) -> [UInt8] {
        // With a capacity of 0 the array's count is written to the storage that all empty arrays share, which the thread
        // sanitizer reports.
        guard count > 0 else { return [] }
        return [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
            for index in 0..<count { buffer[index] = next(&self) }
            initialized = count
        }
    }

    /// A text of at most `limit` Unicode scalars. Scalars that break naive code are frequent: separators, quotation
    /// marks, controls, combining marks, and scalars of two to four bytes.
    package mutating func text(upTo limit: Int) -> String {
        var text = ""
        for _ in 0..<int(0...limit) {
            switch int(1...8) {
            case 1...4: text.unicodeScalars.append(Unicode.Scalar(UInt8(int(0x20...0x7e))))
            case 5...7: text.unicodeScalars.append(pick(Self.oddScalars))
            default: text.unicodeScalars.append(Unicode.Scalar(UInt32(int(0...0x10ffff))) ?? "\u{fffd}")
            }
        }
        return text
    }

    private static let oddScalars: [Unicode.Scalar] = [
        "|", "\"", "\\", ",", ":", "{", "}", "'", "0", "\0", "\n", "\r", "\t", "\u{7f}", "\u{85}", "é", "\u{301}",
        "\u{200d}", "\u{202e}", "\u{2028}", "日", "👩", "\u{fe0f}", "\u{fffd}", "\u{10ffff}",
    ]
}
