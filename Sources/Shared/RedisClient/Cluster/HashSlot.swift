/// A slot of a Redis Cluster. Every key is in one slot, and every slot is assigned to one primary node.
///
/// The slot of a key is the CRC16 of the key, modulo 16384, or of its hash tag if it has one: the text between the first
/// `{` and the next `}`, if there is any ("Key distribution model" in the specification of Redis Cluster).
package struct HashSlot: Hashable, Sendable, Comparable {
    package static let count = 16_384

    package let number: Int

    /// Nil if there is no such slot.
    package init?(_ number: Int) {
        guard (0..<Self.count).contains(number) else { return nil }
        self.number = number
    }

    package init(ofKey key: String) {
        let bytes = Array(key.utf8)
        number = Int(Self.crc16(Self.hashed(bytes))) % Self.count
    }

    package static func < (left: HashSlot, right: HashSlot) -> Bool { left.number < right.number }

    /// The part of a key that determines its slot.
    private static func hashed(_ key: [UInt8]) -> ArraySlice<UInt8> {
        guard let open = key.firstIndex(of: UInt8(ascii: "{")),
            let close = key[(open + 1)...].firstIndex(of: UInt8(ascii: "}")), close > open + 1
        else { return key[...] }
        return key[(open + 1)..<close]
    }

    /// CRC-16/XMODEM: polynomial 0x1021, initial value 0, not reflected.
    private static func crc16(_ bytes: ArraySlice<UInt8>) -> UInt16 {
        var crc: UInt16 = 0
        for byte in bytes {
            crc ^= UInt16(byte) << 8
            for _ in 0..<8 { crc = crc & 0x8000 != 0 ? crc << 1 ^ 0x1021 : crc << 1 }
        }
        return crc
    }
}
