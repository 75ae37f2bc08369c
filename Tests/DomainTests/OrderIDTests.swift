import Testing

@testable import Domain

@Suite struct OrderIDTests {
    @Test func anIDIsAUUIDOfVersion7() {
        let id = OrderID(milliseconds: 0x0123_4567_89ab, partition: 0xabc, random: .max)
        #expect(id.description == "01234567-89ab-7abc-bfff-ffffffffffff")
        #expect(id.partition == 0xabc)
    }

    @Test func anIDIsParsedFromItsDescription() throws {
        for _ in 0..<1000 {
            let id = OrderID(at: .now, partition: .random(in: 0..<OrderID.partitionLimit))
            #expect(OrderID(id.description) == id)
            #expect(OrderID(id.description.uppercased()) == id)
            #expect(OrderID("x\(id)".dropFirst()) == id)
            #expect(Array(id.description.utf8).withUnsafeBufferPointer { OrderID(utf8: $0) } == id)
            var bytes = Array("id ".utf8)
            id.append(to: &bytes)
            #expect(bytes == Array("id \(id)".utf8))
        }
    }

    @Test func idsOfTheSameMillisecondDiffer() {
        let now = Timestamp.now
        #expect(Set((0..<10_000).map { _ in OrderID(at: now, partition: 0) }).count == 10_000)
    }

    @Test(arguments: [
        "", "01234567-89ab-7abc-bfff-fffffffffff", "01234567-89ab-7abc-bfff-fffffffffffff",
        "0123456789ab7abcbfffffffffffffff", "01234567-89ab-7abc-bfff-fffffffffffg",
        "01234567_89ab_7abc_bfff_ffffffffffff",
        "0123456789ab-7abc-bfff-ffffffffffff-", "01234567-89ab-7abc-bfff-ffffffffffé",
        "-1234567-89ab-7abc-bfff-ffffffffffff",
    ])
    func otherTextIsRefused(text: String) {
        #expect(OrderID(text) == nil)
        #expect(Array(text.utf8).withUnsafeBufferPointer { OrderID(utf8: $0) } == nil)
    }

    @Test func anIDShowsWhetherItIsDerivedFromAKey() throws {
        for number in 0..<100 as Range<UInt64> {
            let random = OrderID(at: .now, partition: 7)
            #expect(!random.isMadeFromKey)
            #expect("89".contains(random.description.dropFirst(19).first ?? " "))
            let keyed = OrderID(at: .now, partition: 7, keyHash: number &* 0x9e37_79b9_7f4a_7c15)
            #expect(keyed.isMadeFromKey)
            #expect("ab".contains(keyed.description.dropFirst(19).first ?? " "))
            #expect(keyed.secondHalf == keyed.description.suffix(17))
            #expect(keyed.partition == 7)
            #expect(OrderID(keyed.description) == keyed)
        }
    }
}
