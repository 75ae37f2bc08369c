import Testing

@testable import Attack

/// The judgement of made-up observations of a waiting room: ten people, two of whom are admitted in a second. The first six are
/// in the lobby; the ranks of the numbers 1 to 6 are 5, 1, 3, 2, 6 and 4.
struct RoomVerdictTests {
    private static let opensAt: Int64 = 1_800_000_000_000
    private static let ranks: [UInt32] = [5, 1, 3, 2, 6, 4, 7, 8, 9, 10]

    /// Everybody joined, waited, was admitted 500 ms after the one before, saw that 100 ms later, and bought one unit.
    private func evidence() -> RoomEvidence {
        let visits = (1...10).map { number in
            let rank = Self.ranks[number - 1]
            let at = rank * 500
            return Visit(
                number: UInt32(number), joinedAt: 1, waitedAt: at + 4500, ahead: rank - 1, seenAt: at + 5100,
                admittedAt: Self.opensAt + Int64(at), units: 1)
        }
        return RoomEvidence(
            event: "gala", rate: 2, passSeconds: 30, allowed: 2, opensAt: Self.opensAt,
            commitment: RoomDrawTests.commitment, draw: RoomDrawTests.draw, lastDraw: RoomDrawTests.draw, available: 0,
            visits: visits)
    }

    /// What is found after a change of the visit with a rank, and of the rest.
    private func findings(
        rank: UInt32 = 1, _ change: (inout Visit) -> Void = { _ in }, and rest: (inout RoomEvidence) -> Void = { _ in }
    ) -> Findings {
        var evidence = evidence()
        if let index = Self.ranks.firstIndex(of: rank) { change(&evidence.visits[index]) }
        rest(&evidence)
        return RoomVerdict(evidence).findings
    }

    private func expect(
        _ line: String, _ findings: Findings, sourceLocation: SourceLocation = #_sourceLocation
    ) {
        #expect(findings.broken.count == 1, sourceLocation: sourceLocation)
        #expect(findings.broken.first?.hasPrefix(line) == true, "\(findings)", sourceLocation: sourceLocation)
        #expect(findings.unjudged == [], sourceLocation: sourceLocation)
    }

    @Test func whatHasHappenedInOrderHolds() { #expect(findings() == Findings()) }

    // MARK: Places

    @Test func aNumberThatIsGivenTwiceIsFound() {
        expect(
            "1 places have a number that another person has too",
            findings(rank: 9) { visit in
                visit = Visit(number: 8, joinedAt: 1)
            })
    }

    @Test func marksAreFindings() {
        let lines: [(Visit.Marks, String)] = [
            (.otherPlace, "1 customers got a second place"), (.lost, "1 places were given, and are not known any more"),
            (.over, "1 people were told that the sale is over"),
            (.boughtWithoutPass, "1 purchases without a pass were accepted"),
            (.boughtLate, "1 purchases with a pass that had ended were accepted"),
            (.refused, "1 passes that were valid were refused"), (.twice, "1 people were admitted twice"),
            (.sentBack, "1 people were admitted, and then waited again"),
        ]
        for (mark, line) in lines { expect(line, findings { $0.marks.insert(mark) }) }
        #expect(findings { $0.marks.insert(.gaveUp) } == Findings())
    }

    @Test func soldOutWithUnitsLeftIsFound() {
        #expect(findings { $0.marks.insert(.soldOut) } == Findings())
        expect(
            "1 people were told that nothing is left, and 3 units are",
            findings({ $0.marks.insert(.soldOut) }, and: { $0.available = 3 }))
    }

    @Test func aPassThatBuysTooMuchIsFound() {
        #expect(findings { $0.units = 2 } == Findings())
        expect("1 passes bought more than 2 units, for example 3", findings { $0.units = 3 })
    }

    // MARK: The draw

    @Test func anotherDrawIsFound() {
        expect(
            "the draw is not the one that was committed to",
            findings(and: { $0.commitment = String(repeating: "ab", count: 32) }))
        expect("the lobby was drawn twice: of 6 places, and then of 7", findings(and: { $0.lastDraw?.lobby = 7 }))
        expect(
            "the lobby was drawn 5 ms before the opening",
            findings(and: {
                $0.draw?.drawnAt -= 5
                $0.lastDraw?.drawnAt -= 5
            }))
    }

    @Test func aDrawThatWasNotSeenIsNotJudged() {
        #expect(findings(and: { $0.draw = nil }).unjudged == ["the draw was not seen"])
        #expect(findings(and: { $0.commitment = nil }).unjudged == ["the draw was not seen"])
    }

    // MARK: Order and turns

    @Test func whoIsAdmittedBeforeALowerRankIsFound() {
        expect(
            "1 people were admitted before somebody with a lower rank, for example rank 4 1 ms before rank 3",
            findings(rank: 3) {
                $0.admittedAt = Self.opensAt + 2001
                $0.seenAt = 0
            })
    }

    /// People of one admission have the same time.
    @Test func peopleCanBeAdmittedTogether() {
        #expect(findings(rank: 3) { $0.admittedAt = Self.opensAt + 2000 } == Findings())
    }

    @Test func whoIsAdmittedBeforeTheOpeningIsFound() {
        let found = findings { $0.admittedAt = Self.opensAt - 1 }
        #expect(found.broken.contains { $0.hasPrefix("1 people were admitted before the opening") })
    }

    @Test func whoIsSkippedIsFound() {
        func skipped(_ waitedAt: UInt32, slowest: Int = 0) -> Findings {
            findings(
                rank: 2, { ($0.admittedAt, $0.seenAt, $0.waitedAt) = (0, 0, waitedAt) },
                and: { $0.slowest = slowest })
        }
        // Rank 3 was seen to be admitted at 6,600; answers can be old.
        #expect(skipped(9600) == Findings())
        expect("1 people were skipped, for example rank 2 waited 3001 ms after", skipped(9601))
        #expect(skipped(11_600, slowest: 1000) == Findings())
        #expect(skipped(11_601, slowest: 1000) != Findings())
    }

    @Test func whoGivesUpIsNotSkipped() {
        #expect(
            findings(rank: 2) {
                ($0.admittedAt, $0.seenAt, $0.waitedAt) = (0, 0, 5000)
                $0.marks.insert(.gaveUp)
            } == Findings())
    }

    @Test func aTurnThatIsLostIsFound() {
        func expired(_ expiredAt: UInt32) -> Findings {
            findings(rank: 2) {
                ($0.admittedAt, $0.seenAt, $0.waitedAt, $0.expiredAt) = (0, 0, 5000, expiredAt)
            }
        }
        #expect(expired(32_000) == Findings())
        expect("1 people lost their turn", expired(31_999))
    }

    @Test func aNumberOfPeopleAheadThatIsTooHighIsFound() {
        expect("1 people were told that more are ahead than their rank says", findings(rank: 4) { $0.ahead = 4 })
    }

    // MARK: The rate

    @Test func tooManyInAMomentAreFound() {
        // Ten people within 1.5 s instead of three, and one.
        let burst = findings(and: { evidence in
            for index in evidence.visits.indices {
                let rank = Int64(Self.ranks[index])
                evidence.visits[index].admittedAt = Self.opensAt + 10_000 + rank * 150
            }
        })
        // They can have been admitted one after the other before, as far as the opening goes.
        expect("9 people were admitted within 1350 ms, at 2 a second", burst)
    }

    /// Ranks count, not people: those that nobody has seen were admitted too.
    @Test func ranksThatNobodySawCount() {
        expect(
            "8 people were admitted within 1500 ms, at 2 a second",
            findings(and: { evidence in
                evidence.visits = evidence.visits.enumerated().compactMap { index, visit in
                    var visit = visit
                    let times: [UInt32: Int64] = [1: 20_000, 2: 20_500, 9: 21_500]
                    guard let at = times[Self.ranks[index]] else { return nil }
                    visit.admittedAt = Self.opensAt + at
                    return visit
                }
            }))
    }

    @Test func aSlowRoomKeepsItsRate() {
        #expect(
            findings(and: { evidence in
                for index in evidence.visits.indices {
                    evidence.visits[index].admittedAt += Int64(Self.ranks[index]) * 100 + 30_000
                }
            }) == Findings())
    }
}
