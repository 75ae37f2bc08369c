import Testing

@testable import RedisClient

@Suite struct RedisMemoryTests {
    @Test func theReportOfAServerIsRead() {
        let info = "# Memory\r\nused_memory:1048576\r\nused_memory_human:1.00M\r\nmaxmemory:2097152\r\n"
        #expect(RedisMemory(info: info) == RedisMemory(used: 1_048_576, limit: 2_097_152))
    }

    @Test func zeroIsNoLimit() {
        #expect(RedisMemory(info: "used_memory:5\r\nmaxmemory:0\r\n") == RedisMemory(used: 5, limit: nil))
    }

    @Test(arguments: ["", "used_memory:5\r\n", "maxmemory:5\r\n", "used_memory:x\r\nmaxmemory:5\r\n"])
    func anotherReportIsRefused(info: String) {
        #expect(RedisMemory(info: info) == nil)
    }
}
