import Testing

@testable import API
@testable import Runtime

@Suite struct IPAddressTextTests {
    @Test(arguments: [
        ("192.0.2.1", "192.0.2.1"), ("0.0.0.0", "0.0.0.0"), ("255.255.255.255", "255.255.255.255"),
        ("::ffff:192.0.2.1", "192.0.2.1"), ("2001:DB8:0:0::1", "2001:db8::1"), ("::1", "::1"), ("::", "::"),
        ("fe80::1234:5678:9abc:def0", "fe80::1234:5678:9abc:def0"),
    ])
    func anAddressHasItsUsualText(text: String, wanted: String) throws {
        let address = try #require(IPAddress(text))
        #expect(address.description == wanted)
    }
}
