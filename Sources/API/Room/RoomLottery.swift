import Domain
import Hashing

/// The draw of a lobby. Everybody can repeat it: `deploy/scripts/check-draw.py` does.
///
/// The seed is the HMAC-SHA-256 of `draw|EVENT|GENERATION|SIZE` with the room's secret, whose SHA-256 was public from the
/// beginning. So nobody can choose the secret after they know the places, and nobody knows the seed before the lobby closes. The
/// rank of a place is that of the SHA-256 of the seed and the place's number, as 8 bytes, among those of all places.
enum RoomLottery {
    static func seed(secret: [UInt8], event: EventID, generation: Int, lobby: Int) -> [UInt8] {
        HMACSHA256(key: secret).code { $0.append("draw|\(event)|\(generation)|\(lobby)") }.bytes
    }

    /// The ranks of the places 1, 2, … of a lobby, from 1. A million take about a second of one core.
    static func ranks(lobby: Int, seed: [UInt8]) -> [UInt32] {
        var message = seed + Array(repeating: 0, count: 8)
        func digest(of number: Int) -> SHA256Digest {
            withUnsafeBytes(of: UInt64(number).bigEndian) { bytes in
                for (index, byte) in bytes.enumerated() { message[seed.count + index] = byte }
            }
            return SHA256Digest(message)
        }
        var drawn: [(first: UInt64, number: UInt32)] = []
        drawn.reserveCapacity(lobby)
        for number in stride(from: 1, through: lobby, by: 1) {
            drawn.append((digest(of: number).first64Bits, UInt32(number)))
        }
        drawn.sort { left, right in
            guard left.first == right.first else { return left.first < right.first }
            let (one, other) = (digest(of: Int(left.number)).bytes, digest(of: Int(right.number)).bytes)
            return one == other ? left.number < right.number : one.lexicographicallyPrecedes(other)
        }
        var ranks = [UInt32](repeating: 0, count: max(0, lobby))
        for (index, place) in drawn.enumerated() { ranks[Int(place.number) - 1] = UInt32(index + 1) }
        return ranks
    }
}
