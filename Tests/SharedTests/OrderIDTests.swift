import Shared
import Testing

@Suite struct OrderIDTests {
    @Test func isAUUIDVersion7() {
        let id = OrderID(milliseconds: 0x0123_4567_89ab, partition: 0xabc, random: .max)
        #expect(id.description == "01234567-89ab-7abc-bfff-ffffffffffff")
        #expect(id.partition == 0xabc)
    }

    @Test func readsWhatItWrites() throws {
        for _ in 0..<1000 {
            let id = OrderID(at: .now, partition: .random(in: 0..<OrderID.partitionLimit))
            #expect(OrderID(id.description) == id)
            #expect(OrderID(id.description.uppercased()) == id)
        }
    }

    @Test func differsEachTime() {
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
    func refusesOtherText(text: String) {
        #expect(OrderID(text) == nil)
    }
}

@Suite struct EventIDTests {
    @Test(arguments: ["demo", "a", "A-1.b_c", "0", String(repeating: "x", count: 64)])
    func takes(text: String) {
        #expect(EventID(text)?.description == text)
    }

    @Test(arguments: ["", "-a", ".a", "_a", "a b", "a/b", "a|b", "a{b}", "ä", "a\0", String(repeating: "x", count: 65)])
    func refuses(text: String) {
        #expect(EventID(text) == nil)
    }
}
