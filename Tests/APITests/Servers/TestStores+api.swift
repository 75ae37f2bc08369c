import Engine
import Environment
import Logging
import NIOCore
import NIOPosix
import ServiceLifecycle
import TestSupport
import Testing

@testable import API

extension TestStores {
    /// Runs the API on a free port until it is ready, runs `body`, and stops the API gracefully.
    func withAPI<Value: Sendable>(
        demo: Bool = true, token: String? = "secret", connectionLimit: Int = 10_000,
        queueLimit: Int = 1_000_000, watch: OrderWatch? = nil, rateLimit: RateLimit? = nil,
        trusting proxies: String = "", change: (inout APISettings) -> Void = { _ in },
        _ body: @escaping @Sendable (HTTPClient) async throws -> Value
    ) async throws -> Value {
        var settings = try APISettings(Settings(flags: ["PORT": "0"], environment: environment))
        settings.isDemo = demo
        settings.adminToken = token
        settings.connections.total = connectionLimit
        // Tests that keep a connection wait for its end.
        settings.idleTimeout = 10
        settings.queueLimit = queueLimit
        settings.rateLimit = rateLimit
        settings.trustedProxies = try #require(TrustedProxies(proxies))
        change(&settings)
        let (ports, found) = AsyncStream.makeStream(of: Int.self)
        let running = try await API.App.services(
            settings, stores: stores, group: MultiThreadedEventLoopGroup.singleton, logger: logger, watch: watch,
            answersDirectly: ResponseWay.current == .connection,
            onServerRunning: { found.yield($0.localAddress?.port ?? 0) })
        let services = ServiceGroup(configuration: .init(services: running, logger: logger))
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await services.run() }
            let result: Result<Value, any Error>
            do {
                var iterator = ports.makeAsyncIterator()
                guard let port = await iterator.next() else { throw GaveUp(description: "no port") }
                try await HTTPClient(port: port).waitUntilReady(fromManyAddresses: true) { log.text }
                result = .success(try await body(HTTPClient(port: port)))
            } catch {
                result = .failure(error)
            }
            await services.triggerGracefulShutdown()
            let ended = await group.nextResult()
            let value = try result.get()
            try ended?.get()
            return value
        }
    }
}
