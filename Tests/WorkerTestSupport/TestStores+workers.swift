// Not in release builds: a module cannot be imported for testing there.
#if DEBUG
    import Environment
    import NIOPosix
    import ServiceLifecycle
    import TestSupport

    @testable import Worker

    extension TestStores {
        /// Runs workers while `body` runs, then stops them gracefully.
        package func withWorkers<Value: Sendable>(
            _ count: Int = 1, batchSize: Int = 1000, lease: Duration = .seconds(10),
            environment changes: [String: String] = [:], _ body: @escaping @Sendable () async throws -> Value
        ) async throws -> Value {
            var settings = try WorkerSettings(Settings(flags: [:], environment: environment.merging(changes) { $1 }))
            settings.batchSize = batchSize
            settings.lease = lease
            var workers: [any Service] = []
            for _ in 0..<count {
                workers += try await Worker.App.services(
                    settings, stores: stores, group: MultiThreadedEventLoopGroup.singleton, logger: logger)
            }
            let services = ServiceGroup(configuration: .init(services: workers, logger: logger))
            return try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await services.run() }
                let result: Result<Value, any Error>
                do { result = .success(try await body()) } catch { result = .failure(error) }
                await services.triggerGracefulShutdown()
                let ended = await group.nextResult()
                let value = try result.get()
                try ended?.get()
                return value
            }
        }
    }
#endif
