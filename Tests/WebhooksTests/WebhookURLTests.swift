import Testing

@testable import Runtime
@testable import Webhooks

@Suite struct WebhookURLTests {
    @Test(arguments: [
        ("https://shop.example/hook?a=b%20c", "https://shop.example/hook?a=b%20c", "shop.example"),
        ("HTTPS://Shop.Example:8443", "https://shop.example:8443", "shop.example"),
        ("https://8.8.8.8/", "https://8.8.8.8/", "8.8.8.8"),
        ("https://[2606:4700::1111]:443/x", "https://[2606:4700::1111]:443/x", "2606:4700::1111"),
        ("https://shop.example?x=http://10.0.0.1/", "https://shop.example?x=http://10.0.0.1/", "shop.example"),
    ])
    func aURLIsRead(text: String, normal: String, host: String) throws {
        let url = try WebhookURL(text, allowsPrivate: false)
        #expect(url.text == normal)
        #expect(url.host == host)
    }

    @Test(arguments: [
        "", "shop.example", "http://shop.example/", "ftp://shop.example/", "https://", "https:///x", "https://:443/",
        "https://user@shop.example/", "https://user:pass@shop.example/", "https://shop.example:0/",
        "https://shop.example:65536/", "https://shop.example:/", "https://shop.example:+1/", "https://shop.example:8x/",
        "https://shop.example/#x", "https://sh op.example/", "https://shöp.example/", "https://shop.example/\n",
        "https://shop%2eexample/", "https://[::1", "https://[::1]x/", "https://[fe80::1%25eth0]/", "https://[shop]/",
        "https://shop.example\\@10.0.0.1/", "https://127.0.0.1/", "https://[::ffff:10.0.0.1]/", "https://[::1]/",
        "https://10.0.0.1:8080/", "https://169.254.169.254/latest", "https://0.0.0.0/", "//shop.example/",
        "https://" + String(repeating: "a", count: 2048),
    ])
    func otherTextsAreRefused(text: String) {
        #expect(throws: WebhookURLFlaw.self) { try WebhookURL(text, allowsPrivate: false) }
    }

    @Test(arguments: ["http://localhost:8080/x", "http://127.0.0.1/", "http://[::1]:80/", "https://10.0.0.1/"])
    func privateOnesAreReadIfTheyAreAllowed(text: String) throws {
        #expect(try WebhookURL(text, allowsPrivate: true).text == text)
    }

    @Test(arguments: [
        "0.0.0.0", "0.1.2.3", "10.255.0.1", "100.64.0.1", "127.0.0.1", "127.255.255.255", "169.254.169.254",
        "172.16.0.1",
        "172.31.255.255", "192.0.0.8", "192.0.2.1", "192.168.1.1", "198.18.0.1", "198.19.255.255", "198.51.100.1",
        "203.0.113.1", "224.0.0.1", "239.1.1.1", "240.0.0.1", "255.255.255.255", "::", "::1", "::ffff:127.0.0.1",
        "::ffff:10.0.0.1", "::10.0.0.1", "::7f00:1", "64:ff9b::a00:1", "64:ff9b::7f00:1", "64:ff9b:1::1", "100::1",
        "2001::1", "2001:0:7f00:1::", "2001:db8::1", "2002:7f00:1::", "2002:a00:1::1", "2002:c0a8:101::", "3fff::1",
        "fc00::1", "fd12:3456::1", "fe80::1", "fec0::1", "ff02::1", "ffff::1", "4000::1",
    ])
    func anAddressIsNotPublic(text: String) throws { #expect(try !#require(IPAddress(text)).isPublic) }

    @Test(arguments: [
        "1.1.1.1", "8.8.8.8", "100.63.255.255", "100.128.0.1", "172.15.0.1", "172.32.0.1", "192.167.1.1",
        "223.255.255.255",
        "2606:4700::1111", "2a00:1450::1", "64:ff9b::808:808", "2002:808:808::1", "::ffff:8.8.8.8",
    ])
    func anAddressIsPublic(text: String) throws { #expect(try #require(IPAddress(text)).isPublic) }
}
