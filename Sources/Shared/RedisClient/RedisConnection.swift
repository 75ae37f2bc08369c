import Logging
import NIOCore
import NIOPosix
import Timing

/// How connections behave; the same for all of a client.
package struct RedisConfiguration: Sendable {
    package var url: RedisURL
    /// Scripts to load whenever a connection opens.
    package var scripts: [RedisScript]
    /// For connecting and the hand-shake together.
    package var connectTimeout: TimeAmount = .seconds(1)
    /// For a command and its answer, unless the call says otherwise.
    package var commandTimeout: TimeAmount = .seconds(1)
    /// Commands that may be under way on one connection.
    package var commandLimit = 10_000
    package var backoff = Backoff()
    /// For a connection that listens: nothing else is to be sent on it.
    package var subscription: RedisSubscription?
    /// How often a connection that listens asks whether the server is still there.
    package var heartbeat: TimeAmount = .seconds(5)

    package init(url: RedisURL, scripts: [RedisScript] = []) {
        self.url = url
        self.scripts = scripts
    }
}

/// A pipelined connection that lives on one event loop and reopens itself until it is closed.
///
/// Commands are answered in the order they were sent. While the connection opens for the first time, or again after a
/// loss, commands wait for it; after a failed attempt they fail at once, so that nothing piles up while Redis is away.
package final class RedisConnection: Sendable {
    package let eventLoop: any EventLoop
    private let core: NIOLoopBound<RedisConnectionCore>
    private let commandTimeout: TimeAmount

    /// Makes a connection and begins to open it.
    package static func open(
        _ configuration: RedisConfiguration, on eventLoop: any EventLoop, logger: Logger
    ) async throws -> RedisConnection {
        try await eventLoop.submit {
            let core = RedisConnectionCore(configuration: configuration, eventLoop: eventLoop, logger: logger)
            core.start()
            return RedisConnection(configuration, core: core, eventLoop: eventLoop)
        }.get()
    }

    private init(_ configuration: RedisConfiguration, core: RedisConnectionCore, eventLoop: any EventLoop) {
        self.eventLoop = eventLoop
        self.core = NIOLoopBound(core, eventLoop: eventLoop)
        self.commandTimeout = configuration.commandTimeout
    }

    /// Sends one command and returns its answer.
    ///
    /// - Parameter server: the only server process that is to get it, by its run id; on another it fails as fenced.
    package func send(
        _ command: RedisCommand, to server: String? = nil, timeout: TimeAmount? = nil
    ) async throws(RedisError) -> RESPValue {
        let deadline = NIODeadline.now() + (timeout ?? commandTimeout)
        return try await onLoop { core, completion in
            core.send(command, to: server, deadline: deadline, completion: completion)
        }
    }

    /// Runs a script.
    package func evaluate(_ call: RedisScriptCall, timeout: TimeAmount? = nil) async throws(RedisError) -> RESPValue {
        let deadline = NIODeadline.now() + (timeout ?? commandTimeout)
        return try await onLoop { core, completion in
            core.evaluate(call, deadline: deadline, completion: completion)
        }
    }

    /// Puts a script's call in line and returns at once: what one task puts in line is sent in that order.
    package func pipeline(_ call: RedisScriptCall) -> EventLoopFuture<RESPValue> {
        let promise = eventLoop.makePromise(of: RESPValue.self)
        let deadline = NIODeadline.now() + commandTimeout
        eventLoop.execute {
            self.core.value.evaluate(call, deadline: deadline) { promise.completeWith($0.mapError { $0 }) }
        }
        return promise.futureResult
    }

    /// Runs a script, for callers that are on the event loop already; the completion is called there too, exactly once.
    package func evaluateOnLoop(_ call: RedisScriptCall, completion: @escaping (Result<RESPValue, RedisError>) -> Void)
    {
        core.value.evaluate(call, deadline: .now() + commandTimeout, completion: completion)
    }

    /// The run id of the server process at the other end; nil while there is no connection.
    package func server() async -> String? {
        try? await eventLoop.submit { self.core.value.server }.get()
    }

    /// Ends the connection for good. Commands under way fail with `.closed`.
    package func close() async {
        try? await eventLoop.submit { self.core.value.close() }.get()
    }

    private func onLoop(
        _ body: @escaping @Sendable (RedisConnectionCore, @escaping (Result<RESPValue, RedisError>) -> Void) -> Void
    ) async throws(RedisError) -> RESPValue {
        try await withCheckedContinuation { continuation in
            if eventLoop.inEventLoop {
                body(core.value) { continuation.resume(returning: $0) }
            } else {
                eventLoop.execute { body(self.core.value) { continuation.resume(returning: $0) } }
            }
        }.get()
    }
}
