import Domain
import RedisSchema

/// What a place means at one moment.
enum PlaceState: Hashable, Sendable {
    /// The lobby is not drawn yet.
    case lobby
    /// - Parameters:
    ///   - ahead: people that are admitted before.
    ///   - seconds: the estimated time until it is admitted; nil while admission stands still.
    case waiting(ahead: Int, seconds: Int?)
    /// - Parameter end: the end of the pass.
    case admitted(end: Timestamp)
    /// The pass has ended.
    case expired
    /// No units are left, and none are held.
    case soldOut
    /// The sale has ended, or was reset.
    case over
}

/// A waiting room as clients see it, at one moment.
struct RoomView: Sendable {
    let event: EventID
    let reading: RoomReading
    /// The ranks of the places in the lobby; nil until they are computed.
    let ranks: [UInt32]?
    /// The admissions with valid passes, in the order of their ranks.
    let ticks: [RoomTick]
    /// What the ledger has; nil if the event has no waiting room.
    let draw: Draw?

    struct Draw: Hashable, Sendable {
        /// In hexadecimal digits.
        var commitment: String
        /// Public once the draw is final.
        var secret: String
    }

    /// Whether the lobby is drawn and the ranks are known.
    var isDrawn: Bool { reading.counters?.draw != nil && ranks != nil }

    /// The rank of a number; nil before the draw.
    func rank(of number: Int) -> Int? {
        guard let draw = reading.counters?.draw, let ranks else { return nil }
        guard number <= draw.lobby else { return number }
        return ranks.indices.contains(number - 1) ? Int(ranks[number - 1]) : nil
    }

    func state(of place: Place) -> PlaceState {
        if place.generation != reading.generation || reading.rate == nil { return .over }
        if let closes = reading.closesAt, reading.at >= closes { return .over }
        guard let counters = reading.counters, let rank = rank(of: place.number) else { return .lobby }
        guard rank > counters.admitted else {
            guard let end = end(ofRank: rank), end > reading.at else { return .expired }
            return .admitted(end: end)
        }
        guard counters.stop != .soldOut else { return .soldOut }
        let ahead = rank - 1 - counters.admitted
        return .waiting(ahead: ahead, seconds: counters.stop == nil ? reading.rate.map { ahead / $0 } : nil)
    }

    /// The end of the pass of an admitted rank; nil if it has ended so long ago that its admission is forgotten.
    private func end(ofRank rank: Int) -> Timestamp? {
        var (low, high) = (0, ticks.count)
        while low < high {
            let middle = (low + high) / 2
            if ticks[middle].to < rank { low = middle + 1 } else { high = middle }
        }
        guard low < ticks.count, ticks[low].from < rank else { return nil }
        return ticks[low].end
    }
}
