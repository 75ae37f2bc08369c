/// Whether a waiting room has kept its promises (docs/waiting-room.md). No I/O.
///
/// A finding is certain: what a request can have overtaken, or an answer can have said late, is none.
struct RoomVerdict: Sendable {
    private(set) var findings = Findings()
    private let evidence: RoomEvidence
    /// How old an answer can be, in milliseconds. That is 250 while the service is not busy; what it read for an answer that took
    /// long was read at its begin.
    private let delay: Int
    /// The visits whose ranks are known, in the order of their ranks.
    private var ranked: [(rank: UInt32, visit: Visit)] = []

    init(_ evidence: RoomEvidence) {
        self.evidence = evidence
        delay = 3000 + 2 * evidence.slowest
        judgePlaces()
        judgePasses()
        guard judgeDraw() else { return }
        ranked = zip(evidence.ranks(), evidence.visits).compactMap { rank, visit in rank.map { ($0, visit) } }
        ranked.sort { $0.rank < $1.rank }
        // Ranks count those who were admitted only if they were admitted in their order.
        if judgeOrder() { judgeRate() }
        judgeTurns()
    }

    private func count(_ mark: Visit.Marks) -> Int { evidence.visits.count { $0.marks.contains(mark) } }

    /// Each place has a number of its own, stays known, and is the only one of its person.
    private mutating func judgePlaces() {
        let numbers = evidence.visits.map(\.number).filter { $0 > 0 }
        findings.add(numbers.count - Set(numbers).count, "places have a number that another person has too")
        findings.add(count(.otherPlace), "customers got a second place")
        findings.add(count(.lost), "places were given, and are not known any more")
        findings.add(count(.over), "people were told that the sale is over, and it is not")
        if evidence.available > 0 {
            findings.add(count(.soldOut), "people were told that nothing is left, and \(evidence.available) units are")
        }
    }

    /// Only a pass buys, while it is valid, and no more than it may; a place has one pass.
    private mutating func judgePasses() {
        let most = evidence.visits.map(\.units).max() ?? 0
        findings.add(
            evidence.visits.count { $0.units > evidence.allowed },
            "passes bought more than \(evidence.allowed) units", "\(most)")
        findings.add(count(.boughtWithoutPass), "purchases without a pass were accepted")
        findings.add(count(.boughtLate), "purchases with a pass that had ended were accepted")
        findings.add(count(.refused), "passes that were valid were refused")
        findings.add(count(.twice), "people were admitted twice")
        findings.add(count(.sentBack), "people were admitted, and then waited again")
    }

    /// The draw is the one that was committed to, and stays the same. False if ranks are not known.
    private mutating func judgeDraw() -> Bool {
        guard let draw = evidence.draw, let commitment = evidence.commitment else {
            findings.unjudged.append("the draw was not seen")
            return false
        }
        if let flaw = draw.flaw(event: evidence.event, commitment: commitment) {
            findings.add("the draw is not the one that was committed to: \(flaw)")
        }
        if let last = evidence.lastDraw, last.lobby != draw.lobby || last.seed != draw.seed {
            findings.add(
                "the lobby was drawn twice: of \(draw.lobby) places, and then of \(last.lobby) with another result")
        }
        if draw.drawnAt < evidence.opensAt {
            findings.add("the lobby was drawn \(evidence.opensAt - draw.drawnAt) ms before the opening")
        }
        return true
    }

    /// Nobody is admitted before somebody with a lower rank, and nobody before the opening. False if somebody was.
    private mutating func judgeOrder() -> Bool {
        var (overtaken, example) = (0, String?.none)
        var latest: (rank: UInt32, at: Int64)?
        for (rank, visit) in ranked where visit.admittedAt > 0 {
            if let before = latest, visit.admittedAt < before.at {
                overtaken += 1
                example = example ?? "rank \(rank) \(before.at - visit.admittedAt) ms before rank \(before.rank)"
            } else {
                latest = (rank, visit.admittedAt)
            }
        }
        findings.add(overtaken, "people were admitted before somebody with a lower rank", example)
        findings.add(
            ranked.count { $0.visit.admittedAt > 0 && $0.visit.admittedAt < evidence.opensAt },
            "people were admitted before the opening")
        return overtaken == 0
    }

    /// In no window of time more people are admitted than the rate says, and 2 %, and one admission: they are at most 200 ms apart,
    /// or a third of a thousandth of the time of a pass.
    private mutating func judgeRate() {
        let admitted: [(rank: UInt32, at: Int64)] = ranked.filter { $0.visit.admittedAt > 0 }
            .map { ($0.rank, $0.visit.admittedAt) }
            .sorted { $0.at < $1.at }
        let rate = Double(evidence.rate)
        let step = max(1, rate * max(0.2, Double(evidence.passSeconds) / 3000))
        guard let worst = Admissions(admitted).worst(rate: rate * 1.02, since: evidence.opensAt),
            Double(worst.admitted) > worst.allowed + step
        else { return }
        findings.add(
            "\(worst.admitted) people were admitted within \(worst.milliseconds) ms, at \(evidence.rate) a second")
    }

    /// Whoever waits is admitted before anybody with a higher rank, sees so for as long as a pass is valid, and has as many people
    /// ahead as the draw says.
    private mutating func judgeTurns() {
        var (skipped, example) = (0, String?.none)
        /// The earliest moment in which somebody with a higher rank was known to be admitted.
        var after = Int.max
        for (rank, visit) in ranked.reversed() {
            if after < Int.max, Int(visit.waitedAt) > after + delay {
                skipped += 1
                example = "rank \(rank) waited \(Int(visit.waitedAt) - after) ms after a higher one was admitted"
            }
            if visit.seenAt > 0 { after = min(after, Int(visit.seenAt)) }
        }
        findings.add(skipped, "people were skipped", example)
        findings.add(
            ranked.count { _, visit in
                visit.seenAt == 0 && visit.waitedAt > 0 && visit.expiredAt > visit.waitedAt
                    && Int(visit.expiredAt - visit.waitedAt) < evidence.passSeconds * 1000 - delay
            }, "people lost their turn: they waited, and their pass had ended before it can have begun")
        findings.add(
            ranked.count { rank, visit in visit.ahead.map { $0 >= rank } ?? false },
            "people were told that more are ahead than their rank says")
    }
}
