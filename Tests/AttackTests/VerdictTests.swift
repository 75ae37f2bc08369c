import Testing

@testable import Attack

/// The verdict for evidence that ``BrokenSale`` cannot produce.
struct VerdictTests {
    private static let one = "01a20a5f-1718-7000-9ad4-aa148703a264"

    /// One purchase of two units, acknowledged, confirmed and in the ledger.
    private func evidence() -> Evidence {
        var record = Record()
        record.tickets = [Record.Ticket(id: Self.one, quantity: 2)]
        record.accepted = 1
        record.acceptedUnits = 2
        return Evidence(
            target: .sale(event: "demo"), record: record, before: Account(capacity: 10, available: 10, sold: 0),
            after: Account(capacity: 10, available: 8, sold: 2),
            endings: [Self.one: .order(state: "confirmed", quantity: 2)],
            rows: RowEvidence(
                before: RowTotals(orders: 0, units: 0), after: RowTotals(orders: 1, units: 2),
                rows: [Self.one: Row(event: "demo", quantity: 2, state: "confirmed")]))
    }

    @Test func completeEvidenceHolds() {
        #expect(Verdict(evidence()).judgement == .holds)
    }

    @Test func aMissingOrDifferentRowIsDetected() {
        var missing = evidence()
        missing.rows?.rows = [:]
        #expect(Verdict(missing).broken.first?.contains("without a row") == true)
        var other = evidence()
        other.rows?.rows[Self.one]?.event = "other"
        #expect(Verdict(other).broken.first?.contains("different in the ledger") == true)
        var cancelled = evidence()
        cancelled.rows?.rows[Self.one]?.state = "cancelled"
        #expect(Verdict(cancelled).judgement == .broken)
    }

    @Test func anUnacknowledgedRowIsDetectedUnlessAnOutcomeIsUnknown() {
        var evidence = evidence()
        evidence.rows?.after = RowTotals(orders: 2, units: 4)
        evidence.after = Account(capacity: 10, available: 6, sold: 4)
        #expect(Verdict(evidence).broken.count == 2)
        evidence.record.unknown = ["timeout": 1]
        evidence.record.unknownUnits = 2
        #expect(Verdict(evidence).judgement == .holds)
    }

    @Test func unitsMissingFromTheCountersAreDetected() {
        var evidence = evidence()
        evidence.after = Account(capacity: 10, available: 9, sold: 1)
        #expect(Verdict(evidence).broken == ["2 acknowledged units should be taken, but only 1 are"])
    }

    /// A hold can end between the two requests; a sold order cannot.
    @Test func aHoldCanExpireMeanwhile() {
        var evidence = evidence()
        evidence.endings[Self.one] = .order(state: "held", quantity: 2)
        evidence.after = Account(capacity: 10, available: 10, sold: 0)
        evidence.rows?.rows[Self.one]?.state = "expired"
        evidence.rows?.after.units = 0
        #expect(Verdict(evidence).judgement == .holds)
        evidence.endings[Self.one] = .order(state: "confirmed", quantity: 2)
        #expect(Verdict(evidence).judgement == .broken)
    }

    @Test func theUnitsOfTheLedgerAreCountedSeparately() {
        var evidence = evidence()
        evidence.rows?.after.units = 11
        #expect(Verdict(evidence).broken == ["oversold in the ledger: 11 of 10 units"])
    }

    @Test func aPendingOrderHasNoVerdict() {
        var evidence = evidence()
        evidence.after = Account(capacity: 10, available: 8, pending: 2, sold: 0)
        evidence.endings[Self.one] = .inFlight("pending")
        #expect(Verdict(evidence).judgement == .unjudged)
    }

    /// The units add up although the stock is below zero.
    @Test func aStrategyThatOversoldIsDetected() {
        var record = Record()
        record.accepted = 12
        record.acceptedUnits = 12
        let verdict = Verdict(
            Evidence(
                target: .lab(strategy: "naive"), record: record, before: Account(capacity: 10, available: 10, sold: 0),
                after: Account(capacity: 10, available: -2, sold: 12), endings: [:], rows: nil))
        #expect(verdict.broken == ["oversold: 12 of 10 units are sold", "the stock is below zero: -2"])
    }

    // MARK: Other clients buy at the same time

    @Test func unitsOfOtherClientsAreNotJudged() {
        var evidence = evidence()
        evidence.isShared = true
        evidence.after = Account(capacity: 10, available: 3, pending: 1, sold: 6)
        evidence.rows?.after = RowTotals(orders: 4, units: 6)
        let verdict = Verdict(evidence)
        #expect(verdict.judgement == .holds)
        #expect(verdict.notJudged == ["whether more units were taken than all clients bought"])
    }

    @Test func ownUnitsAreJudgedBesideOtherClients() {
        var evidence = evidence()
        evidence.isShared = true
        evidence.after = Account(capacity: 10, available: 9, sold: 1)
        #expect(Verdict(evidence).broken == ["2 acknowledged units should be taken, but only 1 are"])
        evidence.after = Account(capacity: 10, available: -1, sold: 11)
        #expect(Verdict(evidence).broken.first == "oversold: 11 of 10 units are sold")
        evidence.after = Account(capacity: 10, available: 3, sold: 7)
        evidence.endings[Self.one] = .missing
        #expect(Verdict(evidence).broken.first?.contains("acknowledged and lost") == true)
    }

    @Test func allThatOneClientCanShowIsJudged() {
        #expect(Verdict(evidence()).notJudged == [])
    }
}
