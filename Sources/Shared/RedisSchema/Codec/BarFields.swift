/// The fields of an entry of the queue, which bars separate, read from the first to the last. The bytes must not change
/// or end while it exists.
struct BarFields {
    private let bytes: UnsafeBufferPointer<UInt8>
    private var position = 0

    private static let bar = UInt8(ascii: "|")

    init(_ bytes: UnsafeBufferPointer<UInt8>) {
        self.bytes = bytes
    }

    /// The bytes before the next bar; nil if there is no bar.
    mutating func next() -> UnsafeBufferPointer<UInt8>? {
        let start = position
        while position < bytes.count {
            position += 1
            if bytes[position - 1] == Self.bar { return UnsafeBufferPointer(rebasing: bytes[start..<position - 1]) }
        }
        return nil
    }

    /// All bytes that are left, with their bars.
    mutating func rest() -> UnsafeBufferPointer<UInt8> {
        defer { position = bytes.count }
        return UnsafeBufferPointer(rebasing: bytes[position...])
    }

    /// Skips the next field if it is empty. Returns whether it was.
    mutating func skipEmpty() -> Bool {
        guard position < bytes.count, bytes[position] == Self.bar else { return false }
        position += 1
        return true
    }

    /// The next field as a number; nil unless it consists of one to `limit` decimal digits. 18 digits fit an `Int`.
    mutating func number(digits limit: Int) -> Int? {
        let start = position
        var value = 0
        while position < bytes.count {
            let byte = bytes[position]
            position += 1
            if byte == Self.bar { return position - start > 1 ? value : nil }
            let digit = byte &- UInt8(ascii: "0")
            guard digit < 10, position - start <= limit else { return nil }
            value = value * 10 + Int(digit)
        }
        return nil
    }
}
