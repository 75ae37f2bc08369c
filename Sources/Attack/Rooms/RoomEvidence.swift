/// The input of the judgement of a waiting room. Times of the service are in milliseconds since 1970, on the clock of its store.
struct RoomEvidence: Sendable {
    var event: String
    /// People that are admitted in a second.
    var rate: Int
    var passSeconds: Int
    /// The most units that one pass may buy.
    var allowed: Int
    var opensAt: Int64
    /// The commitment before the opening; nil if the room had none.
    var commitment: String?
    /// The draw as it was seen first; nil if it was not.
    var draw: RoomDraw?
    /// The draw at the end.
    var lastDraw: RoomDraw?
    /// The units that are left at the end.
    var available: Int
    /// How long the slowest answer took, in milliseconds.
    var slowest = 0
    var visits: [Visit]

    /// The rank of each visit that has one; empty if the draw is not known.
    func ranks() -> [UInt32?] {
        guard let draw, let ranks = draw.ranks() else { return [] }
        return visits.map { visit in
            guard visit.number > 0 else { return nil }
            return visit.number <= draw.lobby ? ranks[Int(visit.number) - 1] : visit.number
        }
    }
}

/// The moments in which people were admitted, with the ranks that were seen of each, in the order of time.
struct Admissions: Sendable {
    struct Moment: Hashable, Sendable {
        var at: Int64
        var first: UInt32
        var last: UInt32
    }

    private(set) var moments: [Moment] = []

    /// - Parameter admitted: the ranks that were admitted and when, in the order of time.
    init(_ admitted: [(rank: UInt32, at: Int64)]) {
        for (rank, at) in admitted {
            if let last = moments.last, last.at == at {
                moments[moments.count - 1].first = min(last.first, rank)
                moments[moments.count - 1].last = max(last.last, rank)
            } else {
                moments.append(Moment(at: at, first: rank, last: rank))
            }
        }
    }

    /// The window in which the most people were admitted beyond a rate, with the number that were certainly admitted in it and the
    /// number that the rate allows.
    ///
    /// Who is admitted in a window is counted by the ranks at its ends, so that those count that nobody has seen.
    func worst(rate: Double, since opening: Int64) -> (milliseconds: Int64, admitted: Int, allowed: Double)? {
        func rated(_ at: Int64) -> Double { rate * Double(at - opening) / 1000 }
        var begin = (at: opening, rank: 0)
        var worst: (milliseconds: Int64, admitted: Int, allowed: Double)?
        var previous = opening
        for moment in moments {
            // A window can begin after the moment before this one: then nobody from this moment's first rank on was admitted.
            let before = Int(moment.first) - 1
            if Double(before) - rated(previous) < Double(begin.rank) - rated(begin.at) { begin = (previous, before) }
            let (admitted, allowed) = (Int(moment.last) - begin.rank, rated(moment.at) - rated(begin.at))
            if worst.map({ Double(admitted) - allowed > Double($0.admitted) - $0.allowed }) ?? true {
                worst = (moment.at - begin.at, admitted, allowed)
            }
            previous = moment.at
        }
        return worst
    }
}
