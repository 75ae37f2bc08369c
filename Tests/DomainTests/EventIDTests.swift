import Testing

@testable import Domain

@Suite struct EventIDTests {
    @Test(arguments: ["demo", "a", "A-1.b_c", "0", String(repeating: "x", count: 64)])
    func aValidIDIsAccepted(text: String) {
        #expect(EventID(text)?.description == text)
    }

    @Test(arguments: ["", "-a", ".a", "_a", "a b", "a/b", "a|b", "a{b}", "ä", "a\0", String(repeating: "x", count: 65)])
    func anInvalidIDIsRefused(text: String) {
        #expect(EventID(text) == nil)
    }
}
