import Testing

@testable import RedisClient

struct RedirectionTests {
    private let source = RedisURL.Address.tcp(host: "10.0.0.9", port: 7000)

    private func redirection(_ text: String) -> Redirection? { Redirection(.server(text), from: source) }

    @Test(arguments: [
        ("MOVED 3999 127.0.0.1:6381", Redirection.Kind.moved, "127.0.0.1"), ("ASK 3999 node-2:6381", .ask, "node-2"),
        ("MOVED 3999 ::1:6381", .moved, "::1"), ("MOVED 3999 :6381", .moved, "10.0.0.9"),
        ("MOVED 3999 ?:6381", .moved, "10.0.0.9"),
    ])
    func aRedirectionNamesSlotAndAddress(text: String, kind: Redirection.Kind, host: String) throws {
        let found = try #require(redirection(text))
        #expect(found.kind == kind)
        #expect(found.slot.number == 3999)
        #expect(found.address == .tcp(host: host, port: 6381))
    }

    @Test(arguments: ["ERR x", "MOVED", "MOVED x 127.0.0.1:1", "MOVED 1 127.0.0.1", "MOVED 99999 a:1", "ASK 1 a:0"])
    func anythingElseIsNone(text: String) {
        #expect(redirection(text) == nil)
    }

    @Test(arguments: [
        "MOVED 1 a:1", "ASK 1 a:1", "TRYAGAIN x", "CLUSTERDOWN x", "LOADING x", "READONLY x", "NOREPLICAS x",
    ])
    func whatANodeRefusesDidNotRun(text: String) {
        #expect(!RedisError.server(text).mayHaveRun)
    }

    /// A script that touches a key of a slot that is being moved.
    @Test func aScriptThatWasStoppedMayHaveRun() {
        let text = "ERR Script attempted to access a non local key in a cluster node script: on @user_script:3."
        #expect(RedisError.server(text).mayHaveRun)
    }
}
