import Testing

@testable import RedisClient

struct SlotMapTests {
    private let source = RedisURL.Address.tcp(host: "10.0.0.9", port: 7000)

    private func node(_ host: RESPValue, _ port: Int64) -> RESPValue {
        .array([host, .integer(port), .bulkString(Array("id".utf8)), .array([])])
    }

    private func text(_ text: String) -> RESPValue { .bulkString(Array(text.utf8)) }

    private func tcp(_ host: String, _ port: Int) -> RedisURL.Address { .tcp(host: host, port: port) }

    private func map(_ ranges: [[RESPValue]]) throws -> SlotMap {
        try SlotMap(.array(ranges.map { .array($0) }), from: source)
    }

    private func slot(_ number: Int) throws -> HashSlot { try #require(HashSlot(number)) }

    /// The slots that CLUSTER KEYSLOT of Redis 7.0 has for these keys.
    @Test(arguments: [
        ("123456789", 12739), ("foo", 12182), ("{user1000}.following", 3443), ("user1000", 3443),
        ("foo{}{bar}", 8363), ("foo{{bar}}zap", 4015), ("foo{bar}{zap}", 5061), ("", 0), ("tb:{0}:queue", 13907),
    ])
    func theSlotOfAKeyIsThatOfItsHashTag(key: String, number: Int) {
        #expect(HashSlot(ofKey: key).number == number)
    }

    @Test(arguments: [-1, 16_384]) func thereAreNoOtherSlots(number: Int) {
        #expect(HashSlot(number) == nil)
    }

    @Test func eachSlotHasItsPrimary() throws {
        let map = try map([
            [.integer(0), .integer(99), node(text("10.0.0.1"), 7001), node(text("10.0.0.2"), 7002)],
            [.integer(200), .integer(299), node(text("10.0.0.3"), 7003)],
        ])
        #expect(map.primary(of: try slot(0)) == tcp("10.0.0.1", 7001))
        #expect(map.primary(of: try slot(99)) == tcp("10.0.0.1", 7001))
        #expect(map.primary(of: try slot(100)) == nil)
        #expect(map.primary(of: try slot(250)) == tcp("10.0.0.3", 7003))
        #expect(map.primaries == [tcp("10.0.0.1", 7001), tcp("10.0.0.3", 7003)])
        #expect(map.replicas == [tcp("10.0.0.2", 7002)])
        #expect(map.primaries(of: [try slot(3), try slot(5)]) == [tcp("10.0.0.1", 7001)])
        #expect(map.primaries(of: []) == map.primaries)
        #expect(map.covers([try slot(0), try slot(200)]))
        #expect(!map.covers([try slot(0), try slot(100)]))
    }

    @Test func aNodeWithoutAnAddressIsOnTheHostThatWasAsked() throws {
        for host in [RESPValue.null, text(""), text("?")] {
            let map = try map([[.integer(0), .integer(9), node(host, 7001)]])
            #expect(map.primary(of: try slot(3)) == tcp("10.0.0.9", 7001))
        }
    }

    @Test func aRedirectionChangesOneSlot() throws {
        var map = try map([[.integer(0), .integer(9), node(text("a"), 1)]])
        map.move(try slot(3), to: tcp("b", 2))
        #expect(map.primary(of: try slot(3)) == tcp("b", 2))
        #expect(map.primary(of: try slot(2)) == tcp("a", 1))
        #expect(map.primaries == [tcp("a", 1), tcp("b", 2)])
    }

    @Test func anotherFormIsRefused() {
        let replies: [RESPValue] = [
            .null, .integer(1), .array([.integer(1)]), .array([.array([.integer(0), .integer(9)])]),
            .array([.array([.integer(9), .integer(0), node(text("a"), 1)])]),
            .array([.array([.integer(0), .integer(16_384), node(text("a"), 1)])]),
            .array([.array([.integer(0), .integer(9), node(text("a"), 0)])]),
        ]
        for reply in replies { #expect(throws: RedisError.self) { try SlotMap(reply, from: source) } }
    }
}
