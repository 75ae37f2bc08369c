import Testing
import TicketBlitzClient

@testable import Attack

/// The judgement of made-up observations of a waiting list. The clock of the service's store is 1,000,000 at the beginning of the
/// run, and every order is claimed in the middle of its request.
struct WaitlistVerdictTests {
    private static let beginning: Int64 = 1_000_000

    private func order(_ quantity: Int, at time: UInt32, _ state: Order.State?) -> Stay {
        var stay = Stay(quantity: quantity)
        (stay.sentAt, stay.gotAt) = (time - 1, time + 1)
        stay.claimedAt = Self.beginning + Int64(time)
        stay.state = state
        return stay
    }

    private func purchase(_ quantity: Int = 1, at time: UInt32, endedAt: UInt32 = 0) -> Stay {
        var stay = order(quantity, at: time, endedAt > 0 ? .cancelled : .confirmed)
        (stay.endedAt, stay.expectation) = (endedAt, endedAt > 0 ? .cancelled : .sold)
        return stay
    }

    private func place(
        _ quantity: Int = 1, at time: UInt32, offeredAt: UInt32 = 0, endedAt: UInt32 = 0,
        _ state: Order.State = .waiting, _ expectation: Stay.Expectation = .waiting
    ) -> Stay {
        var stay = order(quantity, at: time, state)
        (stay.isPlace, stay.endedAt, stay.expectation) = (true, endedAt, expectation)
        if offeredAt > 0 { stay.offeredAt = Self.beginning + Int64(offeredAt) }
        return stay
    }

    private func sold(_ quantity: Int = 1, at time: UInt32, offeredAt: UInt32) -> Stay {
        place(quantity, at: time, offeredAt: offeredAt, .confirmed, .sold)
    }

    private func findings(_ stays: [Stay], capacity: Int = 100, forgotten: String? = nil) -> Findings {
        WaitlistVerdict(
            WaitlistEvidence(capacity: capacity, offerSeconds: 10, stays: stays, forgotten: forgotten)
        ).findings
    }

    private static let passed = "1 offers passed over a place that was taken before and wants no more"
    private static let beside = "1 purchases got units that a place on the list could have had"

    // MARK: First fit

    @Test func offersInTheOrderOfJoiningHold() {
        #expect(findings([]) == Findings())
        #expect(
            findings([
                sold(at: 100, offeredAt: 500), sold(2, at: 200, offeredAt: 500), sold(at: 300, offeredAt: 600),
                place(at: 400),
            ]) == Findings())
    }

    @Test func anOfferThatPassesOverAPlaceIsFound() {
        let late = [sold(at: 100, offeredAt: 501), sold(at: 200, offeredAt: 500)]
        #expect(findings(late).broken.first?.hasPrefix(Self.passed) == true)
        let never = [place(2, at: 100), sold(3, at: 200, offeredAt: 500)]
        #expect(findings(never).broken == [Self.passed + ", for example 3 units while an earlier place wanted 2"])
    }

    @Test func whoWantsMoreIsPassedOver() {
        #expect(findings([place(3, at: 100), sold(2, at: 200, offeredAt: 500)]) == Findings())
    }

    @Test func placesOfTheSameMillisecondHaveNoOrder() {
        #expect(findings([sold(at: 100, offeredAt: 501), sold(at: 100, offeredAt: 500)]) == Findings())
        #expect(findings([sold(at: 100, offeredAt: 500), sold(at: 200, offeredAt: 500)]) == Findings())
    }

    /// Whoever left before the offer was not passed over; whoever left after it was.
    @Test func whoHasLeftIsPassedOver() {
        func left(_ endedAt: UInt32) -> [Stay] {
            [place(at: 1000, endedAt: endedAt, .cancelled, .cancelled), sold(at: 2000, offeredAt: 5000)]
        }
        #expect(findings(left(5200)) == Findings())
        #expect(findings(left(5300)).broken.first?.hasPrefix(Self.passed) == true)
    }

    // MARK: Walk-ins

    @Test func aPurchaseOfUnitsThatAPlaceCanHaveIsFound() {
        #expect(findings([place(2, at: 100), purchase(at: 200)]) == Findings())
        #expect(findings([purchase(at: 100), place(at: 200)]) == Findings())
        #expect(findings([sold(at: 100, offeredAt: 200), purchase(at: 200)]) == Findings())
        #expect(findings([place(at: 100), purchase(at: 100)]) == Findings())
        #expect(findings([place(2, at: 100), purchase(2, at: 200)]).broken.first?.hasPrefix(Self.beside) == true)
        #expect(
            findings([sold(at: 100, offeredAt: 201), purchase(at: 200)]).broken.first?.hasPrefix(Self.beside) == true)
    }

    // MARK: The list

    @Test func aPositionThatRisesIsFound() throws {
        var person = WaitlistPerson(try CrowdOptions.parse([]), quantity: 1)
        for position in [5, 5, 2, nil, 2] { person.note(position: position) }
        #expect(!person.stay.hasFallenBack)
        person.note(position: 3)
        #expect(person.stay.hasFallenBack)
        var stay = place(at: 100)
        stay.hasFallenBack = true
        #expect(findings([stay]).broken == ["1 places moved to a higher position"])
    }

    @Test func aPlaceThatIsForgottenIsFound() {
        #expect(findings([], forgotten: "it wants 1").broken == ["1 place was forgotten, for example it wants 1"])
    }

    // MARK: Units

    @Test func moreUnitsThanExistAreFound() {
        #expect(findings([purchase(2, at: 100), purchase(at: 200)], capacity: 3) == Findings())
        #expect(
            findings([purchase(2, at: 100), purchase(2, at: 200)], capacity: 3).broken
                == ["4 units were held and sold at the same time, of 3"])
        #expect(
            findings([purchase(2, at: 100), sold(2, at: 200, offeredAt: 400)], capacity: 3).broken
                == ["4 units were held and sold at the same time, of 3"])
    }

    /// Units come back when their order is cancelled, and when the offer ends.
    @Test func unitsThatCameBackAreSoldAgain() {
        #expect(
            findings(
                [purchase(2, at: 1000, endedAt: 3000), sold(2, at: 2000, offeredAt: 3001)], capacity: 2) == Findings())
        #expect(
            findings([purchase(2, at: 1000, endedAt: 3000), sold(2, at: 2000, offeredAt: 2700)], capacity: 2)
                .broken.count == 1)
        func lapsed(_ next: UInt32) -> Findings {
            findings(
                [
                    place(at: 1000, offeredAt: 2000, .expired, .lapsed), sold(at: 1500, offeredAt: next),
                ], capacity: 1)
        }
        #expect(lapsed(12_000) == Findings())
        #expect(lapsed(11_999).broken.count == 1)
    }

    // MARK: States

    @Test func aStateThatNothingExplainsIsFound() {
        let expectations: [(Stay.Expectation, Set<Order.State>)] = [
            (.nothing, [.waiting, .pending, .held, .confirmed, .rejected, .cancelled, .expired]),
            (.waiting, [.waiting, .held, .expired]), (.offered, [.held, .confirmed, .expired]),
            (.sold, [.pending, .confirmed]), (.cancelled, [.cancelled]), (.lapsed, [.held, .expired]),
        ]
        let states: [Order.State] = [.waiting, .pending, .held, .confirmed, .rejected, .cancelled, .expired]
        for (expectation, explained) in expectations {
            for state in states { #expect(expectation.explains(state) == explained.contains(state)) }
        }
        var stay = place(at: 100)
        stay.state = .cancelled
        #expect(
            findings([stay]).broken == [
                "1 orders are in a state that nothing explains, for example cancelled instead of waiting"
            ])
        stay.state = nil
        #expect(findings([stay]) == Findings())
    }

    // MARK: Clocks

    /// A clock that was set during the run says nothing about what was given back.
    @Test func clocksThatDifferAreNotJudged() {
        var other = purchase(at: 5000)
        other.claimedAt += 60_000
        let found = findings([purchase(at: 100), other])
        #expect(found.broken == [])
        #expect(found.unjudged.count == 1)
    }
}
