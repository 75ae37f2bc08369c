package import Logging
package import NIOCore
import NIOPosix
package import Timing

/// The configuration of all connections of a client.
package struct RedisConfiguration: Sendable {
    package var url: RedisURL
    /// Scripts to load each time a connection opens.
    package var scripts: [RedisScript]
    /// The timeout of connecting, and of the handshake.
    package var connectTimeout: TimeAmount = .seconds(1)
    /// The timeout of a command, unless the call has its own.
    package var commandTimeout: TimeAmount = .seconds(1)
    /// How long a call waits for the replicas that it requires. It must be less than the timeout of a command.
    package var replicaTimeout: TimeAmount = .milliseconds(500)
    /// The maximum number of commands in flight on one connection.
    package var commandLimit = 10_000
    package var backoff = Backoff()
    /// The channels of a connection that subscribes; no other command may be sent on it.
    package var subscription: RedisSubscription?
    /// The interval of PING on a connection that subscribes.
    package var heartbeat: TimeAmount = .seconds(5)
    /// Called on the event loop with each failure, so that a client of a cluster learns that its map may be wrong.
    var onFailure: (@Sendable (RedisError, RedisURL.Address) -> Void)?

    /// Called on the event loop each time the connection is ready.
    var onReady: (@Sendable () -> Void)?

    package init(url: RedisURL, scripts: [RedisScript] = []) {
        self.url = url
        self.scripts = scripts
    }
}

/// A pipelined connection on one event loop. It reopens itself until it is closed.
///
/// Replies arrive in the order of the commands. While the connection opens for the first time, or again after a loss,
/// commands wait for it. After a failed attempt commands fail at once, so that they do not pile up while Redis is
/// unavailable.
package final class RedisConnection: Sendable {
    package let eventLoop: any EventLoop
    private let core: NIOLoopBound<RedisConnectionCore>
    private let commandTimeout: TimeAmount

    /// Creates a connection and starts to open it, without waiting for it.
    package static func open(
        _ configuration: RedisConfiguration, on eventLoop: any EventLoop, logger: Logger
    ) async throws -> RedisConnection {
        try await eventLoop.submit { openOnLoop(configuration, on: eventLoop, logger: logger) }.get()
    }

    /// The same, on the event loop.
    static func openOnLoop(
        _ configuration: RedisConfiguration, on eventLoop: any EventLoop, logger: Logger
    ) -> RedisConnection {
        let core = RedisConnectionCore(configuration: configuration, eventLoop: eventLoop, logger: logger)
        core.start()
        return RedisConnection(configuration, core: core, eventLoop: eventLoop)
    }

    private init(_ configuration: RedisConfiguration, core: RedisConnectionCore, eventLoop: any EventLoop) {
        self.eventLoop = eventLoop
        self.core = NIOLoopBound(core, eventLoop: eventLoop)
        self.commandTimeout = configuration.commandTimeout
    }

    /// Sends one command and returns its reply.
    ///
    /// - Parameter server: the run id of the only server process that may run the command; nil for any. If another
    ///   server answers, the command is not sent and fails with `.preconditionFailed`.
    package func send(
        _ command: RedisCommand, to server: String? = nil, timeout: TimeAmount? = nil
    ) async throws(RedisError) -> RESPValue {
        let deadline = NIODeadline.now() + (timeout ?? commandTimeout)
        return try await onLoop { core, completion in
            core.send(command, to: server, deadline: deadline, completion: completion)
        }
    }

    /// Sends commands in one piece and returns their replies in the order of the commands, or throws the first error.
    package func send(_ commands: [RedisCommand]) async throws(RedisError) -> [RESPValue] {
        try await withCheckedContinuation { (continuation: CheckedContinuation<Result<[RESPValue], RedisError>, _>) in
            eventLoop.execute { self.sendOnLoop(commands) { continuation.resume(returning: $0) } }
        }.get()
    }

    /// Sends commands in one piece; must be called on the event loop. The completion is called there exactly once, with
    /// the replies in the order of the commands, or with the first error.
    package func sendOnLoop(
        _ commands: [RedisCommand], completion: @escaping (Result<[RESPValue], RedisError>) -> Void
    ) {
        guard !commands.isEmpty else { return completion(.success([])) }
        let deadline = NIODeadline.now() + commandTimeout
        var replies: [RESPValue] = []
        var failure: RedisError?
        var missing = commands.count
        for command in commands {
            core.value.send(command, to: nil, deadline: deadline) { result in
                switch result {
                case .success(let reply): replies.append(reply)
                case .failure(let error): failure = failure ?? error
                }
                missing -= 1
                if missing == 0 { completion(failure.map { .failure($0) } ?? .success(replies)) }
            }
        }
    }

    /// Runs a script.
    package func evaluate(
        _ call: RedisScriptCall, timeout: TimeAmount? = nil
    ) async throws(RedisError) -> RedisScriptReply {
        let deadline = NIODeadline.now() + (timeout ?? commandTimeout)
        return try await onLoop { core, completion in
            core.evaluate(call, deadline: deadline, completion: completion)
        }
    }

    /// Queues a call of a script and returns at once. The calls of one task are sent in their order.
    package func pipeline(_ call: RedisScriptCall) -> EventLoopFuture<RESPValue> {
        let promise = eventLoop.makePromise(of: RESPValue.self)
        let deadline = NIODeadline.now() + commandTimeout
        eventLoop.execute {
            self.core.value.evaluate(call, deadline: deadline) { promise.completeWith($0.map(\.value).mapError { $0 }) }
        }
        return promise.futureResult
    }

    /// Runs a script; must be called on the event loop. The completion is called there exactly once.
    package func evaluateOnLoop(
        _ call: RedisScriptCall, completion: @escaping (Result<RedisScriptReply, RedisError>) -> Void
    ) {
        core.value.evaluate(call, deadline: .now() + commandTimeout, completion: completion)
    }

    /// The run id of the connected server process; nil while there is no connection.
    package func server() async -> String? {
        try? await eventLoop.submit { self.core.value.server }.get()
    }

    /// Closes the connection for good. Commands in flight fail with `.closed`.
    package func close() async {
        try? await eventLoop.submit { self.core.value.close() }.get()
    }

    /// Reopens the connection at once if it waits for its next attempt. Must be called on the event loop.
    func hurryOnLoop() { core.value.hurry() }

    /// The same, on the event loop.
    func closeOnLoop() { core.value.close() }

    private func onLoop<Reply: Sendable>(
        _ body: @escaping @Sendable (RedisConnectionCore, @escaping (Result<Reply, RedisError>) -> Void) -> Void
    ) async throws(RedisError) -> Reply {
        try await withCheckedContinuation { continuation in
            if eventLoop.inEventLoop {
                body(core.value) { continuation.resume(returning: $0) }
            } else {
                eventLoop.execute { body(self.core.value) { continuation.resume(returning: $0) } }
            }
        }.get()
    }
}
