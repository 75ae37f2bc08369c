import RedisClient
import Testing

@Suite struct RedisURLTests {
    @Test(arguments: [
        ("redis://localhost", RedisURL(address: .tcp(host: "localhost", port: 6379))),
        ("REDIS://h:7000/", RedisURL(address: .tcp(host: "h", port: 7000))),
        ("redis://h:7000/12", RedisURL(address: .tcp(host: "h", port: 7000), database: 12)),
        ("redis://[::1]:7000/3", RedisURL(address: .tcp(host: "::1", port: 7000), database: 3)),
        ("redis://[::1]", RedisURL(address: .tcp(host: "::1", port: 6379))),
        ("redis://:p%40ss%2F@h", RedisURL(address: .tcp(host: "h", port: 6379), password: "p@ss/")),
        ("redis://u:p:q@h", RedisURL(address: .tcp(host: "h", port: 6379), user: "u", password: "p:q")),
        ("redis://secret@h", RedisURL(address: .tcp(host: "h", port: 6379), password: "secret")),
        ("unix:///run/redis.sock", RedisURL(address: .unixSocket(path: "/run/redis.sock"))),
        ("unix:///a%20b?db=4", RedisURL(address: .unixSocket(path: "/a b"), database: 4)),
        ("unix://u:p@/run/r", RedisURL(address: .unixSocket(path: "/run/r"), user: "u", password: "p")),
    ])
    func aValidURLIsParsed(text: String, wanted: RedisURL) throws {
        #expect(try RedisURL(text) == wanted)
    }

    @Test(arguments: [
        "", "localhost:6379", "http://h", "rediss://h", "redis://", "redis://:6379", "redis://h:0", "redis://h:x",
        "redis://h:65536", "redis://h/x", "redis://h/-1", "redis://h?db=1", "unix://run/redis", "unix:///",
        "unix:///a?x=1",
        "redis://%zz@h", "unix:///" + String(repeating: "a", count: 107),
    ])
    func anInvalidURLIsRefused(text: String) {
        #expect(throws: RedisURL.Malformed.self) { try RedisURL(text) }
    }

    @Test func anErrorDoesNotContainThePassword() {
        do {
            _ = try RedisURL("redis://u:hunter2@h:port")
            Issue.record("an invalid port was accepted")
        } catch {
            #expect(!error.description.contains("hunter2"))
        }
    }

    @Test func severalHostsAreNodesOfACluster() throws {
        let url = try RedisURL("redis://u:p@a:7000,[::1]:7001,c")
        #expect(url.address == .tcp(host: "a", port: 7000))
        #expect(
            url.clusterNodes == [
                .tcp(host: "a", port: 7000), .tcp(host: "::1", port: 7001), .tcp(host: "c", port: 6379),
            ])
        #expect(url.at(.tcp(host: "d", port: 1)).password == "p")
        #expect(try RedisURL("redis://a:7000").clusterNodes == [])
    }

    @Test(arguments: ["redis://a,b/1", "redis://a,,b", "redis://a,", "redis://,", "redis://a,b:0"])
    func aListOfHostsIsComplete(text: String) {
        #expect(throws: RedisURL.Malformed.self) { try RedisURL(text) }
    }
}
