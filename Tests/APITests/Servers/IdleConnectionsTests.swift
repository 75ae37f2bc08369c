import Environment
import Foundation
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(10))) struct IdleConnectionsTests {
    private static let count = 5000

    /// Idle connections do not prevent purchases, and are closed. The API is a separate process: otherwise programs
    /// that other tests start would inherit its sockets.
    @Test func thousandsOfIdleConnectionsDoNotPreventPurchases() async throws {
        FileLimit.raise()
        var limit = rlimit()
        getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        try #require(limit.rlim_cur > Self.count + 1000, "this test needs a higher limit of open files (ulimit -n)")
        try await withTestStores { test in
            let port = try freePort()
            let api = try Run("API", ["--port", String(port)], test.environment.merging(["DEMO": "true"]) { $1 })
            let client = HTTPClient(port: port)
            try await eventually("the API is ready") { (try? await client.send("GET", "/readyz").status) == 200 }
            let idle = try IdleConnections(Self.count, to: port)
            // If the machine stalls, Redis may not answer within the API's deadline: a client tries again then.
            let buys: @Sendable () async throws -> Bool = { try await client.send("POST", "/buy").status == 202 }
            for _ in 0..<20 { try await eventually("a purchase is accepted", buys) }
            #expect(idle.open > 0, "the purchases took less than the idle timeout")
            try await eventually("all connections are closed", within: 60) { idle.open == 0 }
            try await eventually("a purchase is accepted afterwards", buys)
            api.signal(SIGTERM)
            #expect(try await api.exitCode() == 0)
            #expect(!api.output.contains("error"))
        }
    }
}

/// Idle connections. They are plain sockets, so that they cost the other tests little.
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

    /// The number of connections that the server has not closed.
    var open: Int {
        descriptors.count { descriptor in
            var byte: UInt8 = 0
            return recv(descriptor, &byte, 1, Int32(MSG_DONTWAIT)) < 0 && errno == EAGAIN
        }
    }
}
