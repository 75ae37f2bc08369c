/// The id of an order and of its ticket: a UUID version 7 (RFC 9562, section 5.7) in lower case.
///
/// - The first 48 bits are milliseconds since 1970, so that consecutive ids are close together in the ledger's index.
/// - The 12 bits after the version are the partition of the order, so that the id alone locates its record.
/// - One bit tells the source of the last 61 bits. They are random, so that an id cannot be guessed from another one;
///   or, if the purchase has an idempotency key, a hash of the key and its scope, so that a repetition finds the record
///   of the first order. This reveals nothing: a client that knows the key and its scope can also request the order's
///   id.
package struct OrderID: Hashable, Sendable {
    let high: UInt64
    let low: UInt64

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
    package init?(_ text: String) { self.init(parsing: text.utf8) }

    package init?(_ text: Substring) { self.init(parsing: text.utf8) }

    private init?(parsing bytes: some Sequence<UInt8>) {
        var words: (UInt64, UInt64) = (0, 0)
        var digits = 0
        var position = 0
        for byte in bytes {
            if position == 8 || position == 13 || position == 18 || position == 23 {
                guard byte == UInt8(ascii: "-") else { return nil }
            } else {
                guard digits < 32, let nibble = Self.nibble(byte) else { return nil }
                if digits < 16 {
                    words.0 = words.0 << 4 | nibble
                } else {
                    words.1 = words.1 << 4 | nibble
                }
                digits += 1
            }
            position += 1
        }
        guard position == 36, digits == 32 else { return nil }
        high = words.0
        low = words.1
    }

    private static func nibble(_ byte: UInt8) -> UInt64? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt64(byte - UInt8(ascii: "0"))
        case UInt8(ascii: "a")...UInt8(ascii: "f"): UInt64(byte - UInt8(ascii: "a") + 10)
        case UInt8(ascii: "A")...UInt8(ascii: "F"): UInt64(byte - UInt8(ascii: "A") + 10)
        default: nil
        }
    }
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

    /// Writes the characters from a position, which must be 0 or follow a hyphen.
    ///
    /// - Returns: the number of bytes written.
    private func write(from start: Int, to buffer: UnsafeMutableBufferPointer<UInt8>) -> Int {
        var digit = start == 0 ? 0 : 16
        for position in start..<Self.length {
            if position == 8 || position == 13 || position == 18 || position == 23 {
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
