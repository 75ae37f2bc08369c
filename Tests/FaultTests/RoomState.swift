@testable import Domain
@testable import Hashing

/// What the checker of a waiting room knows beside the history.
struct RoomState: Sendable {
    var event: EventID
    var rate: Int
    var maxQuantity: Int
    var capacity: Int
    /// The units of the ledger that are sold; nil if the sale need not sell everything.
    var sold: Int?
    /// What the ledger has of the lobby; nil before the draw.
    var draw: Draw?
    /// When Redis lost all of its data, in milliseconds since 1970: from the last moment before it to the first one after it.
    var losses: [ClosedRange<Int64>] = []

    struct Draw: Hashable, Sendable {
        var lobby: Int
        /// The rank of each place of the lobby, from 1.
        var ranks: [Int]
        /// In hexadecimal digits.
        var seed: String
    }

    func hasLoss(_ interval: ClosedRange<Int64>) -> Bool { losses.contains { $0.overlaps(interval) } }

    /// The rank of a place; nil before the draw.
    func rank(_ place: RoomPlace) -> Int? {
        guard let draw else { return nil }
        guard place.number <= draw.lobby else { return place.number }
        return draw.ranks.indices.contains(place.number - 1) ? draw.ranks[place.number - 1] : nil
    }
}

extension RoomState.Draw {
    /// Computes the order as docs/waiting-room.md describes it.
    init(lobby: Int, secret: [UInt8], event: EventID, generation: Int) {
        let seed = HMACSHA256(key: secret).code { $0.append("draw|\(event)|\(generation)|\(lobby)") }.bytes
        let hashes = (0..<lobby).map { index in
            SHA256Digest(seed + withUnsafeBytes(of: UInt64(index + 1).bigEndian) { Array($0) }).bytes
        }
        var ranks = Array(repeating: 0, count: lobby)
        let order = hashes.indices.sorted { hashes[$0].lexicographicallyPrecedes(hashes[$1]) }
        for (rank, index) in order.enumerated() { ranks[index] = rank + 1 }
        self.init(lobby: lobby, ranks: ranks, seed: seed.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined())
    }
}
