/// The id of an order and of its ticket: a UUID version 7 (RFC 9562, section 5.7) in lower case.
///
/// - The first 48 bits are milliseconds since 1970, so that consecutive ids are close together in the ledger's index.
/// - The 12 bits after the version are the partition of the order, so that the id alone locates its record.
/// - One bit tells the source of the last 61 bits. They are random, so that an id cannot be guessed from another one;
///   or, if the purchase has an idempotency key, a hash of the key and its scope, so that a repetition finds the record
///   of the first order. The hash is keyed with a secret of the installation, so that who knows the key and its scope
///   cannot compute the id.
package struct OrderID: Hashable, Sendable {
    /// The first eight bytes as a number.
    package let high: UInt64
    /// The last eight bytes as a number.
    package let low: UInt64

    /// Partitions that an id can name: 0 to 4095.
    package static let partitionLimit = 4096

    /// Creates an id from its parts. Uses the low 48 bits of the time and the low 62 bits of the random number.
    package init(milliseconds: UInt64, partition: Int, random: UInt64) {
        precondition((0..<Self.partitionLimit).contains(partition))
        high = milliseconds << 16 | 0x7000 | UInt64(partition)
        low = random & 0x3fff_ffff_ffff_ffff | 0x8000_0000_0000_0000
    }

    private static let keyBit: UInt64 = 0x2000_0000_0000_0000

    /// Creates a new id for a time.
    ///
    /// - Parameters:
    ///   - keyHash: a hash of the idempotency key and its scope, if the purchase has a key.
    ///   - generator: must be unpredictable.
    package init(
        at time: Timestamp, partition: Int, keyHash: UInt64? = nil, using generator: inout some RandomNumberGenerator
    ) {
        let bits = keyHash.map { $0 | Self.keyBit } ?? (generator.next() & ~Self.keyBit)
        self.init(milliseconds: UInt64(clamping: time.milliseconds), partition: partition, random: bits)
    }

    /// Creates a new id for a time, with a random number of the operating system.
    package init(at time: Timestamp, partition: Int, keyHash: UInt64? = nil) {
        var generator = SystemRandomNumberGenerator()
        self.init(at: time, partition: partition, keyHash: keyHash, using: &generator)
    }

    /// Whether the id is derived from an idempotency key.
    package var isMadeFromKey: Bool { low & Self.keyBit != 0 }

    /// The partition of the order, if this program created the id.
    package var partition: Int { Int(high & 0x0fff) }

    /// Parses the 36-character form `xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx`, with digits in either case. Accepts a UUID
    /// of any version: only the stores know whether the order exists.
    package init?(_ text: String) {
        var text = text
        guard let id = text.withUTF8({ Self.parse($0) }) else { return nil }
        self = id
    }

    package init?(_ text: Substring) {
        var text = text
        guard let id = text.withUTF8({ Self.parse($0) }) else { return nil }
        self = id
    }

    /// Parses the same form from its bytes.
    package init?(utf8 bytes: UnsafeBufferPointer<UInt8>) {
        guard let id = Self.parse(bytes) else { return nil }
        self = id
    }

    private static func parse(_ bytes: UnsafeBufferPointer<UInt8>) -> OrderID? {
        guard bytes.count == length else { return nil }
        var (high, low): (UInt64, UInt64) = (0, 0)
        // A digit is at most 15; the bits of all values together show whether each was a digit.
        var seen: UInt8 = 0
        for (position, byte) in bytes.enumerated() {
            if isHyphen(position) {
                guard byte == UInt8(ascii: "-") else { return nil }
                continue
            }
            let value = digit(byte)
            seen |= value
            if position < secondHalfStart {
                high = high << 4 | UInt64(value)
            } else {
                low = low << 4 | UInt64(value)
            }
        }
        return seen <= 15 ? OrderID(high: high, low: low) : nil
    }

    private init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// The value of a hexadecimal digit in either case; 255 if the byte is none.
    private static func digit(_ byte: UInt8) -> UInt8 {
        let decimal = byte &- UInt8(ascii: "0")
        let letter = (byte | 0x20) &- UInt8(ascii: "a")
        return decimal < 10 ? decimal : letter < 6 ? letter + 10 : 255
    }

    private static func isHyphen(_ position: Int) -> Bool {
        position == 8 || position == 13 || position == 18 || position == 23
    }
}

/// The order of UUIDs in the ledger: by time, and then by partition.
extension OrderID: Comparable {
    package static func < (left: OrderID, right: OrderID) -> Bool {
        (left.high, left.low) < (right.high, right.low)
    }

    package static let lowest = OrderID(high: 0, low: 0)
    package static let highest = OrderID(high: .max, low: .max)
}

extension OrderID: CustomStringConvertible {
    /// The number of characters of ``description``, all of them ASCII.
    package static let length = 36
    private static let secondHalfStart = 19
    /// The number of characters of ``secondHalf``.
    package static let secondHalfLength = length - secondHalfStart

    /// The form with hyphens in lower case, 36 characters.
    package var description: String {
        String(unsafeUninitializedCapacity: Self.length) { write(from: 0, to: $0) }
    }

    /// The last 17 characters of ``description``: the part that does not depend on the time and the partition.
    package var secondHalf: String {
        String(unsafeUninitializedCapacity: Self.secondHalfLength) {
            write(from: Self.secondHalfStart, to: $0)
        }
    }

    /// Writes ``description`` to a buffer of ``length`` bytes at least.
    package func write(to buffer: UnsafeMutableBufferPointer<UInt8>) { _ = write(from: 0, to: buffer) }

    /// Writes ``secondHalf`` to a buffer of ``secondHalfLength`` bytes at least.
    package func writeSecondHalf(to buffer: UnsafeMutableBufferPointer<UInt8>) {
        _ = write(from: Self.secondHalfStart, to: buffer)
    }

    /// Appends the characters of ``description``.
    package func append(to bytes: inout [UInt8]) {
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: Self.length) { buffer in
            _ = write(from: 0, to: buffer)
            bytes.append(contentsOf: buffer)
        }
    }

    /// Writes the characters from a position, which must be 0 or follow a hyphen.
    ///
    /// - Returns: the number of bytes written.
    private func write(from start: Int, to buffer: UnsafeMutableBufferPointer<UInt8>) -> Int {
        var digit = start == 0 ? 0 : 16
        for position in start..<Self.length {
            if Self.isHyphen(position) {
                buffer[position - start] = UInt8(ascii: "-")
                continue
            }
            let word = digit < 16 ? high : low
            let nibble = UInt8(truncatingIfNeeded: word >> UInt64(60 - 4 * (digit & 15))) & 0x0f
            buffer[position - start] = nibble < 10 ? UInt8(ascii: "0") + nibble : UInt8(ascii: "a") + nibble - 10
            digit += 1
        }
        return Self.length - start
    }
}
