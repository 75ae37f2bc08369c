import Environment
import Foundation
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(10))) struct IdleConnectionsTests {
    private static let count = 5000

    /// Connections that say nothing keep nobody from buying, and are ended. The API is a process of its own here: programs
    /// that other tests start meanwhile would inherit its end of the connections.
    @Test func thousandsOfIdleConnectionsDoNotKeepAnybodyFromBuying() async throws {
        FileLimit.raise()
        var limit = rlimit()
        getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        try #require(limit.rlim_cur > Self.count + 1000, "this test needs a higher limit of open files (ulimit -n)")
        let test = try await TestStores.make()
        let port = try freePort()
        let api = try Run("API", ["--port", String(port)], test.environment.merging(["DEMO": "true"]) { $1 })
        let client = HTTPClient(port: port)
        try await eventually("the API is ready") { (try? await client.send("GET", "/readyz").status) == 200 }
        let idle = try IdleConnections(Self.count, to: port)
        for _ in 0..<20 {
            let answer = try await client.send("POST", "/buy")
            #expect(answer.status == 202)
        }
        #expect(idle.open > 0, "all this took less time than they are given")
        try await eventually("all are ended", within: 60) { idle.open == 0 }
        let after = try await client.send("POST", "/buy")
        #expect(after.status == 202)
        api.signal(SIGTERM)
        #expect(try await api.exitCode() == 0)
        #expect(!api.output.contains("error"))
        await test.close()
    }
}

/// Connections that say nothing. Bare sockets: they are to cost the API something, not the tests beside this one.
private final class IdleConnections: Sendable {
    private let descriptors: [Int32]

    init(_ count: Int, to port: Int) throws {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        descriptors = try (0..<count).map { _ in
            let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
            let code = withUnsafePointer(to: &address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
                }
            }
            guard code == 0 else { throw GaveUp(description: "connect: \(String(cString: strerror(errno)))") }
            return descriptor
        }
    }

    deinit { for descriptor in descriptors { close(descriptor) } }

    /// How many the server has not ended.
    var open: Int {
        descriptors.count { descriptor in
            var byte: UInt8 = 0
            return recv(descriptor, &byte, 1, Int32(MSG_DONTWAIT)) < 0 && errno == EAGAIN
        }
    }
}
