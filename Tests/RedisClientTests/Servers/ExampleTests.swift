import Logging
import NIOPosix
import RedisClient
import TestSupport
import Testing

/// The example of RedisClient.docc; DocumentationTests compares it with this file.
@Suite(.timeLimit(.minutes(10))) struct ExampleTests {
    private let group = MultiThreadedEventLoopGroup.singleton
    private let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    @Test func theExampleOfTheDocumentationRuns() async throws {
        try await withRedisServer { server in
            let address = server.url()
            let double = RedisScript(name: "double", source: Array("#!lua\nreturn ARGV[1] * 2".utf8))
            let configuration = RedisConfiguration(url: try RedisURL(address), scripts: [double])
            let client = try await RedisClient(configuration, group: group, logger: logger)
            let visits = try await client.connection.send(RedisCommand("INCRBY", "visits", "2")).integer
            let doubled = try await client.connection.evaluate(RedisScriptCall(double, arguments: ["21"])).value.integer
            await client.close()
            #expect(visits == 2)
            #expect(doubled == 42)
        }
    }
}
