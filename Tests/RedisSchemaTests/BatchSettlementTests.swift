import Testing

@testable import Domain
@testable import RedisSchema

@Suite struct BatchSettlementTests {
    private func order(
        _ number: UInt64, _ event: EventID, quantity: Int = 1, state: OrderState = .pending, version: Int = 1,
        sequence: Int? = nil
    ) -> Order {
        Order(
            id: OrderID(milliseconds: number, partition: 0, random: number), event: event, quantity: quantity,
            state: state, version: version, sequence: sequence, claimedAt: Timestamp(milliseconds: 1))
    }

    private func batch(_ orders: [Order], and entries: [[UInt8]] = []) -> Batch {
        Batch(token: "t", attempts: 1, entries: orders.map { Array(OrderCodec.encode($0).utf8) } + entries)
    }

    private let recorded = Settlement.recorded(version: 1, confirmedAt: Timestamp(milliseconds: 9))

    @Test func settlementsAreSummedByEventAndUnsettleableEntriesAreDeadLettered() throws {
        let other = try #require(EventID("other"))
        let orders = [
            order(1, .demo, quantity: 2), order(2, .demo, quantity: 3), order(3, other), order(4, .demo),
            order(5, .demo),
        ]
        let batch = batch(orders, and: [Array("junk".utf8)])
        let settled = BatchSettlement(
            batch, [recorded, .rejected(reason: "over|sold"), recorded, .forgotten, .unsettleable(reason: "why")])
        #expect(
            settled.moves == [
                .init(event: .demo, generation: 1, sold: 2), .init(event: other, generation: 1, sold: 1),
            ])
        #expect(settled.records.map(\.version) == [1, 1, 1, 0])
        #expect(settled.records.map { $0.confirmed.isEmpty } == [false, true, false, true])
        #expect(settled.rejections == [.init(record: 1, event: 0, generation: 1, reason: "over/sold")])
        let fifth = Array(OrderCodec.encode(orders[4]).utf8)
        #expect(settled.deadLetters.map(\.entry) == [Array("junk".utf8), fifth])
    }

    @Test func onlyTheHighestVersionOfAnOrderIsRecorded() {
        let orders = [
            order(1, .demo, state: .confirmed, version: 2), order(1, .demo, state: .held),
            order(1, .demo, state: .cancelled, version: 3),
        ]
        let settlement = Settlement.recorded(version: 3, confirmedAt: nil)
        let settled = BatchSettlement(batch(orders), [settlement, settlement, settlement])
        #expect(settled.records == [.init(id: orders[0].id, version: 3)])
        #expect(
            settled.moves == [.init(event: .demo, generation: 1, returned: 1)],
            "only pending orders move counters when they are acknowledged")
        let rejected = Settlement.rejected(reason: "oversold")
        let refused = BatchSettlement(batch(orders), [rejected, rejected, rejected])
        #expect(refused.rejections.count == 1)
    }

    @Test func returnsThatTheLedgerHasAreCountedAndDeadLetteredOnesAreNot() {
        let orders = [
            order(1, .demo, quantity: 2, state: .cancelled, version: 2),
            order(2, .demo, quantity: 3, state: .expired, version: 2),
            order(3, .demo, quantity: 5, state: .cancelled, version: 2),
            order(4, .demo, quantity: 7, state: .cancelled, version: 3),
        ]
        let settled = BatchSettlement(
            batch(orders), [recorded, .rejected(reason: ""), .unsettleable(reason: ""), .forgotten])
        #expect(settled.moves == [.init(event: .demo, generation: 1, returned: 12)])
        #expect(settled.released == 4)
    }

    private func range(_ numbers: ClosedRange<Int>, _ time: Int64) throws -> ConfirmedRange {
        try #require(ConfirmedRange("\(numbers.lowerBound)|\(numbers.upperBound)|\(time)"))
    }

    @Test func consecutiveNumbersThatWereConfirmedTogetherAreOneRange() throws {
        let numbers: [Int?] = [7, 8, 9, nil, 10, 12, 13, 3]
        let orders = numbers.enumerated().map { order(UInt64($0), .demo, quantity: 2, sequence: $1) }
        let later = Settlement.recorded(version: 1, confirmedAt: Timestamp(milliseconds: 11))
        let settled = BatchSettlement(
            batch(orders), [recorded, recorded, recorded, recorded, recorded, recorded, later, later])
        #expect(
            settled.ranges == [
                try range(7...10, 9), try range(12...12, 9), try range(13...13, 11), try range(3...3, 11),
            ])
        #expect(settled.records.map(\.id) == [orders[3].id])
        #expect(settled.moves == [.init(event: .demo, generation: 1, sold: 16)])
        #expect(settled.settledIDs(withKey: false).split(separator: UInt8(ascii: ",")).count == 8)
        #expect(settled.settledIDs(withKey: true).isEmpty)
    }

    /// A range would confirm what the ledger does not have, or would lose a later version.
    @Test(arguments: [
        Settlement.recorded(version: 2, confirmedAt: Timestamp(milliseconds: 9)),
        .recorded(version: 1, confirmedAt: nil), .rejected(reason: "oversold"), .forgotten,
        .unsettleable(reason: "why"),
    ])
    func aRangeHasNoOrderThatTheLedgerHasOtherwise(settlement: Settlement) throws {
        let orders = (1...3).map { order(UInt64($0), .demo, sequence: $0) }
        let settled = BatchSettlement(batch(orders), [recorded, settlement, recorded])
        #expect(settled.ranges == [try range(1...1, 9), try range(3...3, 9)])
    }

    /// The number stays: if the letter is requeued, its record is confirmed by a range.
    @Test func aDeadLetterKeepsItsNumber() {
        let settled = BatchSettlement(batch([order(1, .demo, sequence: 5)]), [.unsettleable(reason: "why")])
        #expect(settled.deadLetters.first?.order?.sequence == 5)
    }

    @Test func aChangedRecordHasNoNumber() throws {
        let later = Settlement.recorded(version: 2, confirmedAt: Timestamp(milliseconds: 9))
        let settled = BatchSettlement(batch([order(1, .demo, sequence: 5)]), [later])
        let record = try #require(OrderCodec.decode(settled.records[0].confirmed))
        #expect(record.state == .confirmed)
        #expect(record.sequence == nil)
    }
}
