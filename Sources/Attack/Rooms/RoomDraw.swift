import Hashing

/// The draw of a lobby as the service publishes it, and what follows from it (docs/waiting-room.md, The draw).
struct RoomDraw: Hashable, Sendable {
    var generation: Int
    /// The number of places that were drawn.
    var lobby: Int
    /// On the clock of the service's store, in milliseconds since 1970.
    var drawnAt: Int64
    /// In hexadecimal digits.
    var secret: String
    /// In hexadecimal digits.
    var seed: String

    /// What is wrong with the draw of an event whose room was made with this commitment; nil if nothing is.
    func flaw(event: String, commitment: String) -> String? {
        guard let key = [UInt8](hexadecimal: secret), let seed = [UInt8](hexadecimal: seed) else {
            return "its secret or its seed is not one"
        }
        guard [UInt8](hexadecimal: commitment) == SHA256Digest(key).bytes else {
            return "its secret is not the one that was committed to before the sale"
        }
        let expected = HMACSHA256(key: key).code { $0.append("draw|\(event)|\(generation)|\(lobby)") }.bytes
        return expected == seed ? nil : "its seed does not follow from its secret and the number of its places"
    }

    /// The ranks of the places 1, 2, …, from 1; nil if the seed is none.
    func ranks() -> [UInt32]? {
        guard let seed = [UInt8](hexadecimal: seed), lobby >= 0, lobby < 100_000_000 else { return nil }
        let prefix = SHA256Prefix(seed)
        var drawn = stride(from: 1, through: UInt32(lobby), by: 1).map {
            (prefix.digest(appending: UInt64($0)).first64Bits, $0)
        }
        drawn.sort { left, right in
            if left.0 != right.0 { return left.0 < right.0 }
            // The first 8 bytes of two of a million digests are the same once in 10^7 draws.
            return prefix.digest(appending: UInt64(left.1)).bytes
                .lexicographicallyPrecedes(prefix.digest(appending: UInt64(right.1)).bytes)
        }
        var ranks = [UInt32](repeating: 0, count: lobby)
        for (index, place) in drawn.enumerated() { ranks[Int(place.1) - 1] = UInt32(index + 1) }
        return ranks
    }
}

extension [UInt8] {
    /// The bytes that hexadecimal digits are; nil if they are not.
    init?(hexadecimal text: String) {
        let digits = text.utf8.compactMap { Character(Unicode.Scalar($0)).hexDigitValue }
        guard digits.count == text.utf8.count, digits.count.isMultiple(of: 2) else { return nil }
        self = stride(from: 0, to: digits.count, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
    }
}
