import Environment
import NIOCore
import Testing

@testable import API
@testable import Runtime

private let second: Int64 = 1_000_000_000
private let ann = address(0xc000_0201)
private let bob = address(0xc000_0202)

private func address(_ bits: UInt32) -> IPAddress { IPAddress(version4: bits) }

@Suite struct RateTableTests {
    @Test func aBurstIsAllowedAtOnceAndThenTheRate() {
        var table = RateTable(RateLimit(perSecond: 10, burst: 5), room: 1000)
        let start = 100 * second
        for left in (0..<5).reversed() {
            let standing = table.take(ann, at: start)
            #expect(standing.isAllowed)
            #expect(standing.remaining == left)
        }
        let refused = table.take(ann, at: start)
        #expect(!refused.isAllowed)
        #expect(refused.remaining == 0)
        #expect(refused.nextIn == second / 10)
        #expect(refused.wholeIn == second / 2)
        #expect(!table.take(ann, at: start + refused.nextIn - 1).isAllowed)
        #expect(table.take(ann, at: start + refused.nextIn).isAllowed)
        #expect(!table.take(ann, at: start + refused.nextIn).isAllowed)
        let rested = table.take(ann, at: start + 60 * second)
        #expect(rested.isAllowed)
        #expect(rested.remaining == 4)
    }

    @Test func clientsHaveSeparateLimits() {
        var table = RateTable(RateLimit(perSecond: 1, burst: 1), room: 1000)
        #expect(table.take(ann, at: second).isAllowed)
        #expect(table.take(bob, at: second).isAllowed)
        #expect(!table.take(ann, at: second).isAllowed)
    }

    /// A client that sends as fast as possible gets the rate and no more, also when the table starts a new generation.
    @Test(arguments: [(7, 1), (10, 25), (1000, 3), (3, 300)])
    func noClientGetsMoreThanTheRateInTheLongRun(perSecond: Int, burst: Int) {
        var table = RateTable(RateLimit(perSecond: perSecond, burst: burst), room: 1000)
        var allowed = 0
        let seconds: Int64 = 200
        for now in stride(from: second, through: (1 + seconds) * second, by: Int(second) / 1009) {
            if table.take(ann, at: now).isAllowed { allowed += 1 }
        }
        let due = perSecond * Int(seconds)
        // With a burst of one, what recovers between two steps of this loop is lost.
        #expect((due * 99 / 100...due + burst + 1).contains(allowed), "\(allowed)")
    }

    @Test func theNumberOfClientsIsBounded() {
        var table = RateTable(RateLimit(perSecond: 1, burst: 100), room: 1000)
        for number in 0..<50_000 {
            _ = table.take(address(UInt32(number)), at: second)
            #expect(table.count <= 1000)
        }
        // Clients whose complete burst is allowed again are discarded, although there is room.
        var quiet = RateTable(RateLimit(perSecond: 100, burst: 100), room: 1_000_000)
        for number in 0..<50_000 {
            _ = quiet.take(address(UInt32(number)), at: Int64(number) * second / 10)
        }
        #expect(quiet.count < 30)
    }
}

@Suite struct ClientAddressTests {
    @Test(arguments: [
        ("192.0.2.1", "192.0.2.1", true), ("192.0.2.1", "192.0.2.2", false), ("10.0.0.0/8", "10.255.0.1", true),
        ("10.0.0.0/8", "11.0.0.0", false), ("0.0.0.0/0", "203.0.113.9", true), ("0.0.0.0/0", "2001:db8::1", false),
        ("::/0", "2001:db8::1", true), ("fd00::/8", "fdff::1", true), ("fd00::/8", "fe80::1", false),
        ("172.16.0.0/12", "172.31.255.255", true), ("172.16.0.0/12", "172.32.0.0", false),
        ("10.0.0.0/8", "::ffff:10.1.2.3", true), ("10.1.2.3/32", "10.1.2.3", true), ("::1/128", "::1", true),
    ])
    func aRangeContainsTheAddressesWithItsPrefix(range: String, address: String, isIn: Bool) throws {
        #expect(try #require(AddressRange(range)).contains(try #require(IPAddress(address))) == isIn)
    }

    @Test(arguments: [
        "10.0.0.0/33", "10.0.0.0\0/8", "10.0.0.0/-1", "10.0.0/8", "::/129", "x", "10.0.0.0/8/8", "/8", "10.0.0.0/",
        "1.2.3.4:5", "a,,b",
    ])
    func invalidRangesAreRefused(text: String) {
        #expect(AddressRange(text) == nil)
        #expect(TrustedProxies(text) == nil)
        #expect(throws: SettingsError.self) {
            try APISettings(Settings(flags: ["TRUSTED_PROXIES": text], environment: [:]))
        }
    }

    /// The peer is 10.0.0.9, a proxy; 10.0.0.0/8 and fd00::/8 are trusted.
    @Test(arguments: [
        (nil, "10.0.0.9"), ("198.51.100.7", "198.51.100.7"),
        // The client's own value is to the left of what the proxies appended.
        ("192.0.2.1, 198.51.100.7", "198.51.100.7"), ("10.1.1.1, 198.51.100.7 ,10.0.0.3", "198.51.100.7"),
        ("10.0.0.4,10.0.0.3", "10.0.0.4"), ("198.51.100.7:4711", "198.51.100.7"),
        ("[2001:db8::1]:80, fd00::1", "2001:db8::1"), ("2001:db8::1", "2001:db8::1"),
        // An invalid address is ignored: the proxy that appended it counts as the client.
        ("198.51.100.7, unknown", "10.0.0.9"), ("198.51.100.7, unknown, 10.0.0.3", "10.0.0.3"), ("", "10.0.0.9"),
    ])
    func aTrustedProxyIdentifiesTheClient(header: String?, client: String) throws {
        let proxies = try #require(TrustedProxies("10.0.0.0/8, fd00::/8"))
        let peer = try #require(IPAddress("10.0.0.9"))
        #expect(proxies.client(of: peer, forwardedFor: header) == IPAddress(client))
    }

    @Test func anUntrustedPeerIsTheClient() throws {
        let peer = try #require(IPAddress("198.51.100.7"))
        for proxies in [TrustedProxies.none, try #require(TrustedProxies("10.0.0.0/8"))] {
            #expect(proxies.client(of: peer, forwardedFor: "192.0.2.1") == peer)
        }
    }

    @Test func anIPv6NetworkIsOneClient() throws {
        let first = try #require(IPAddress("2001:db8:0:1::1")).client
        #expect(try #require(IPAddress("2001:db8:0:1:ffff::2")).client == first)
        #expect(try #require(IPAddress("2001:db8:0:2::1")).client != first)
        #expect(ann.client == ann)
        #expect(ann.client != bob.client)
        #expect(ann == IPAddress("192.0.2.1"))
        #expect(try IPAddress(SocketAddress(ipAddress: "::ffff:192.0.2.1", port: 1)) == ann)
        #expect(try IPAddress(SocketAddress(ipAddress: "192.0.2.1", port: 1)) == ann)
    }
}
