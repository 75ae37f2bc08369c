import Testing

@testable import Domain
@testable import RedisSchema

@Suite struct IdempotencyScopeTests {
    /// Stored orders are located by this hash. The expected values are the first 64 bits of SHA-256.
    @Test func theHashOfAKeyNeverChanges() throws {
        let event = try #require(EventID("demo"))
        func hash(_ customer: String?, _ key: String) -> UInt64 {
            IdempotencyScope(event: event, customer: customer, key: key).hash
        }
        #expect(hash("ann", "k-1") == 0x0598_a858_7898_3db5)
        #expect(hash(nil, "k-1") == 0x17d9_c5ee_cb69_9b8f)
        // The same characters, divided differently, are another key.
        let scopes = [("a", "bc"), ("ab", "c"), ("", "abc"), ("abc", "")]
        #expect(Set(scopes.map { hash($0, $1) }).count == scopes.count)
        let first = OrderID(at: Timestamp(milliseconds: 1), partition: 0, keyHash: hash("ann", "k-1"))
        let second = OrderID(at: Timestamp(milliseconds: 2), partition: 0, keyHash: hash("ann", "k-1"))
        #expect(first != second)
        #expect(Keyspace(partition: 0).order(first) == Keyspace(partition: 0).order(second))
    }
}
