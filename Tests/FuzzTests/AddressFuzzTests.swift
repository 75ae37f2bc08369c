import Glibc
import TestSupport
import Testing

@testable import API
@testable import Runtime

/// Addresses, ranges, and the client behind trusted proxies.
@Suite(.timeLimit(.minutes(10))) struct AddressFuzzTests {
    private static let tokens = ["::", ":", ".", "/", "0", "255", "256", "ffff", "::ffff:", "%eth0", "\0", "-", "+8"]
        .map {
            Array($0.utf8)
        }

    @Test func anAddressIsReadAsItWasWritten() async throws {
        try await fuzz("addresses", inputs: 200_000) { input in
            let (text, bits) = Self.address(&input)
            try require(IPAddress(text)?.bits == bits, "\(text) became \(String(describing: IPAddress(text)))")
        }
    }

    @Test func aDamagedAddressIsRefusedOrIsAnAddress() async throws {
        try await fuzz("damaged addresses", inputs: 150_000) { input in
            let bytes = input.mutated(Array(Self.address(&input).text.utf8), with: Self.tokens)
            let text = String(decoding: bytes, as: UTF8.self)
            guard let address = IPAddress(text) else { return }
            try require(
                text.utf8.allSatisfy { $0 == 0x2e || $0 == 0x3a || Character(Unicode.Scalar($0)).isHexDigit },
                "\(bytes) is not an address")
            try require(IPAddress(Self.text(address.bits)) == address, "\(text) became \(address)")
        }
    }

    @Test func aRangeContainsTheAddressesWithItsPrefix() async throws {
        try await fuzz("ranges", inputs: 60_000) { input in
            let (text, bits) = Self.address(&input)
            let own = bits >> 32 == 0xffff ? 32 : 128
            let length = input.edge(0...own)
            guard let range = AddressRange("\(text)/\(length)") else {
                throw FuzzFailure(description: "\(text)/\(length) was refused")
            }
            let flipped = input.int(0...own - 1)
            guard let other = IPAddress(Self.text(bits ^ 1 << UInt128(own - 1 - flipped))) else {
                throw FuzzFailure(description: "not an address: \(text), bit \(flipped)")
            }
            try require(range.contains(other) == (flipped >= length), "\(text)/\(length) and \(other)")
            try require(AddressRange("\(text)/\(own + input.int(1...9))") == nil, "\(text) with a longer prefix")
        }
    }

    @Test func theClientIsTheLastAddressThatIsNotAProxys() async throws {
        guard let proxies = TrustedProxies("10.0.0.0/8, fd00::/8") else { throw FuzzFailure(description: "refused") }
        try await fuzz("proxies", inputs: 25_000) { input in
            var client = Self.address(&input)
            while proxies.contains(try #require(IPAddress(client.text))) { client = Self.address(&input) }
            let forged = String(decoding: input.mutated(Array("1.2.3.4, x".utf8), with: Self.tokens), as: UTF8.self)
            var items = [forged, Self.item(client.text, &input)]
            for _ in 0..<input.int(0...3) { items.append(Self.item(Self.proxy(&input), &input)) }
            let header = items.joined(separator: input.pick([",", ", ", "\t,  "]))
            let peer = try #require(IPAddress(Self.proxy(&input)))
            let found = proxies.client(of: peer, forwardedFor: header)
            try require(found.bits == client.bits, "\(header): \(Self.text(found.bits))")
            let stranger = try #require(IPAddress(client.text))
            try require(proxies.client(of: stranger, forwardedFor: header) == stranger, "trusted \(client.text)")
        }
    }

    @Test func anUnreadableItemEndsTheSearch() async throws {
        guard let proxies = TrustedProxies("0.0.0.0/0,::/0") else { throw FuzzFailure(description: "refused") }
        try await fuzz("forwarded", inputs: 15_000) { input in
            let peer = try #require(IPAddress(Self.proxy(&input)))
            let items = (0..<input.int(0...4)).map { _ in
                input.mutated(Array(Self.item(Self.address(&input).text, &input).utf8), with: Self.tokens)
            }
            let header = String(decoding: Array(items.joined(separator: ",".utf8)), as: UTF8.self)
            let client = proxies.client(of: peer, forwardedFor: header + ",x")
            try require(client == peer, "\(header),x: \(client)")
            // Any text is handled.
            _ = proxies.client(of: peer, forwardedFor: header)
            _ = TrustedProxies(header)
        }
    }

    // MARK: Addresses

    /// An address and its bits; an IPv4 address as an IPv4-mapped one.
    private static func address(_ input: inout FuzzInput) -> (text: String, bits: UInt128) {
        guard input.oneIn(2) else {
            let bits = UInt32(truncatingIfNeeded: input.next())
            let mapped = UInt128(0xffff) << 32 | UInt128(bits)
            let dotted = [24, 16, 8, 0].map { String(bits >> $0 & 0xff) }.joined(separator: ".")
            return (input.oneIn(4) ? "::ffff:\(dotted)" : dotted, mapped)
        }
        var bits = UInt128(input.next()) << 64 | UInt128(input.next())
        for group in 0..<8 where input.oneIn(3) { bits &= ~(UInt128(0xffff) << UInt128(16 * group)) }
        let text = text(bits)
        return (input.oneIn(2) ? text.uppercased() : text, bits)
    }

    /// The text of an IPv6 address as the C library writes it.
    private static func text(_ bits: UInt128) -> String {
        var bigEndian = bits.bigEndian
        var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        inet_ntop(AF_INET6, &bigEndian, &text, socklen_t(text.count))
        return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    private static func proxy(_ input: inout FuzzInput) -> String {
        input.oneIn(2) ? "10.\(input.int(0...255)).0.\(input.int(0...255))" : "fd00::\(input.int(0...9999))"
    }

    /// An item of the header: the address, with a port from some proxies.
    private static func item(_ address: String, _ input: inout FuzzInput) -> String {
        switch input.int(1...3) {
        case 1: address.contains(":") ? "[\(address)]:4711" : "\(address):4711"
        default: address
        }
    }
}
