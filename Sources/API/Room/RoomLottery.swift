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

    /// The ranks of the places 1, 2, … of a lobby, from 1. A million take about half a second of one core.
    static func ranks(lobby: Int, seed: [UInt8]) -> [UInt32] {
        let prefix = SHA256Prefix(seed)
        var drawn: [(first: UInt64, number: UInt32)] = []
        drawn.reserveCapacity(lobby)
        for number in stride(from: 1, through: lobby, by: 1) {
            drawn.append((prefix.digest(appending: UInt64(number)).first64Bits, UInt32(number)))
        }
        drawn.sort { left, right in
            guard left.first == right.first else { return left.first < right.first }
            let one = prefix.digest(appending: UInt64(left.number)).bytes
            let other = prefix.digest(appending: UInt64(right.number)).bytes
            return one == other ? left.number < right.number : one.lexicographicallyPrecedes(other)
        }
        var ranks = [UInt32](repeating: 0, count: max(0, lobby))
        for (index, place) in drawn.enumerated() { ranks[Int(place.number) - 1] = UInt32(index + 1) }
        return ranks
    }
}
