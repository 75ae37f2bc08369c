import Foundation
import NIOCore
import NIOPosix
import Shared
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(2))) struct IdleConnectionsTests {
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
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let idle = try await connect(Self.count, to: port, group: group)
        for _ in 0..<20 {
            let answer = try await client.send("POST", "/buy")
            #expect(answer.status == 202)
        }
        #expect(idle.count(where: \.isActive) > 0, "all this took less time than they are given")
        for channel in idle { try await channel.closeFuture.get() }
        let after = try await client.send("POST", "/buy")
        #expect(after.status == 202)
        api.signal(SIGTERM)
        #expect(try await api.exitCode() == 0)
        #expect(!api.output.contains("error"))
        await test.close()
        try await group.shutdownGracefully()
    }

    private func connect(_ count: Int, to port: Int, group: any EventLoopGroup) async throws -> [any Channel] {
        var channels: [any Channel] = []
        while channels.count < count {
            channels += try await withThrowingTaskGroup(of: (any Channel).self) { connecting in
                for _ in 0..<250 {
                    connecting.addTask {
                        try await ClientBootstrap(group: group).connect(host: "127.0.0.1", port: port).get()
                    }
                }
                return try await connecting.reduce(into: []) { $0.append($1) }
            }
        }
        return channels
    }
}
