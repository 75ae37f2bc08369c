import Testing

@testable import Engine
@testable import RedisClient

@Suite struct MemoryMarkTests {
    private let mark = MemoryMark(percent: 70)

    @Test func recordsGoAboveTheMarkOnly() {
        #expect(!mark.isExceeded(by: RedisMemory(used: 700, limit: 1000)))
        #expect(mark.isExceeded(by: RedisMemory(used: 701, limit: 1000)))
    }

    @Test func theyGoUntilTheMemoryIsBelowIt() {
        #expect(mark.isExceeded(by: RedisMemory(used: 651, limit: 1000), isDeleting: true))
        #expect(!mark.isExceeded(by: RedisMemory(used: 650, limit: 1000), isDeleting: true))
    }

    @Test func aServerWithoutALimitIsNeverAbove() {
        #expect(!mark.isExceeded(by: RedisMemory(used: .max, limit: nil), isDeleting: true))
    }
}
