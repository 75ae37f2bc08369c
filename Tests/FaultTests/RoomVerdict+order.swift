@testable import Domain

/// The order of admission and the draw.
extension RoomVerdict {
    /// How many people were admitted at a sighting: at least, and at most.
    private struct Bounds {
        var least = 0
        var most = Int.max
    }

    private static func bounds(_ standing: RoomStanding, rank: Int) -> Bounds {
        switch standing {
        case .waiting(let ahead): Bounds(least: rank - 1 - ahead, most: rank - 1 - ahead)
        case .admitted, .expired: Bounds(least: rank)
        case .soldOut: Bounds(most: rank - 1)
        // Of a process that does not know the ranks, or before the draw.
        case .lobby, .over: Bounds()
        }
    }

    /// Each standing says how many people were admitted, if the order is that of the draw. That number never falls, and grows no
    /// faster than the rate allows.
    mutating func checkOrder(_ sightings: [Sighting], _ state: RoomState) {
        var known: [(sighting: Sighting, bounds: Bounds)] = []
        for sighting in sightings where sighting.standing != .lobby && sighting.standing != .over {
            guard let rank = state.rank(sighting.place) else {
                wrongRanks.append("\(sighting.place.number) is \(sighting.standing) without a draw")
                continue
            }
            let bounds = Self.bounds(sighting.standing, rank: rank)
            if bounds.most < 0 {
                wrongRanks.append("\(sighting.place.number) of rank \(rank) is \(sighting.standing)")
            } else {
                known.append((sighting, bounds))
            }
        }
        checkThatItNeverFalls(known)
        checkRate(known, state)
    }

    private mutating func checkThatItNeverFalls(_ known: [(sighting: Sighting, bounds: Bounds)]) {
        let earlier = known.sorted { $0.sighting.ended < $1.sighting.ended }
        var index = 0
        var least: (sighting: Sighting, bounds: Bounds)?
        for next in known.sorted(by: { $0.sighting.begun < $1.sighting.begun }) {
            while index < earlier.count, earlier[index].sighting.ended + Self.age < next.sighting.begun {
                if earlier[index].bounds.least > least?.bounds.least ?? 0 { least = earlier[index] }
                index += 1
            }
            guard let least, next.bounds.most < least.bounds.least else { continue }
            wentBack.append(
                """
                \(least.sighting.place.number) was \(least.sighting.standing) at \(least.sighting.ended), and then \
                \(next.sighting.place.number) was \(next.sighting.standing) at \(next.sighting.begun): \
                \(next.bounds.most) admitted after \(least.bounds.least)
                """)
        }
    }

    private mutating func checkRate(_ known: [(sighting: Sighting, bounds: Bounds)], _ state: RoomState) {
        let rate = state.rate
        let earlier = known.filter { $0.bounds.most < .max }.sorted { $0.sighting.begun < $1.sighting.begun }
        var index = 0
        // How many could be admitted until a time: this and the rate since 1970, in thousandths of a person.
        var least: (bound: Int, sighting: Sighting)?
        for next in known.sorted(by: { $0.sighting.ended < $1.sighting.ended }) {
            while index < earlier.count, earlier[index].sighting.begun <= next.sighting.ended {
                let begun = Int(earlier[index].sighting.begun - Self.age)
                let bound = earlier[index].bounds.most * 1000 - begun * rate
                if bound < least?.bound ?? .max { least = (bound, earlier[index].sighting) }
                index += 1
            }
            // A second of people at once, another one if a server stalled after they were admitted and before that was shown, and ten
            // seconds after a loss.
            let losses = state.losses.count { $0.lowerBound <= next.sighting.ended }
            let allowed = (2 * (rate + 1) + losses * (10 * rate + 1)) * 1000
            guard let least, next.bounds.least * 1000 - Int(next.sighting.ended) * rate > least.bound + allowed else {
                continue
            }
            tooFast.append(
                """
                \(next.bounds.least) admitted at \(next.sighting.ended), and \(least.sighting.place.number) was \
                \(least.sighting.standing) at \(least.sighting.begun)
                """)
        }
    }

    /// The draw is the one that was committed to, and a process that knows it does not forget it.
    mutating func checkDraw(_ sightings: [Sighting], _ state: RoomState, _ draws: Set<ShownDraw>) {
        for draw in draws where draw.lobby != state.draw?.lobby || draw.seed != state.draw?.seed {
            redrawn.append("\(draw)")
        }
        if Set(draws.map(\.drawnAt)).count > 1 { redrawn.append("\(draws.count) draws") }
        var drawn: [String: Int64] = [:]
        for sighting in sightings where sighting.standing != .lobby && sighting.standing != .over {
            drawn[sighting.process] = min(drawn[sighting.process] ?? .max, sighting.ended)
        }
        for sighting in sightings where sighting.standing == .lobby {
            if let time = drawn[sighting.process], time + Self.age < sighting.begun {
                redrawn.append("\(sighting.place.number) is in the lobby again at \(sighting.begun)")
            }
        }
    }
}
