import Glibc
import Logging
import NIOCore
import NIOPosix

/// The part of a connection that stays on its event loop: the socket's opening, hand-shake, loss and reopening.
final class RedisConnectionCore {
    typealias Completion = RedisChannelHandler.Completion

    private let configuration: RedisConfiguration
    private let eventLoop: any EventLoop
    private let logger: Logger
    private var state = RedisConnectionState()
    private var handler: RedisChannelHandler?
    /// Commands that arrived while the connection was opening.
    private var waiting: [(command: RedisCommand, server: String?, deadline: NIODeadline, completion: Completion)] = []
    /// The run id of the server process at the other end; nil while there is none.
    private(set) var server: String?
    private var digests: [RedisScript: String] = [:]
    private var lastFailure = "not connected yet"

    init(configuration: RedisConfiguration, eventLoop: any EventLoop, logger: Logger) {
        self.configuration = configuration
        self.eventLoop = eventLoop
        self.logger = logger
    }

    func start() {
        perform(state.start())
    }

    /// - Parameter wanted: the only server process that is to get the command, where that matters.
    func send(
        _ command: RedisCommand, to wanted: String? = nil, deadline: NIODeadline, completion: @escaping Completion
    ) {
        switch state.admission {
        case .send where wanted != nil && wanted != server:
            completion(.failure(RedisError(.preconditionFailed, "another Redis server answers now", mayHaveRun: false)))
        case .send:
            handler?.send(command, deadline: deadline, completion: completion)
        case .wait where waiting.count < configuration.commandLimit:
            waiting.append((command, wanted, deadline, completion))
        case .wait:
            completion(.failure(RedisError(.overloaded, "too many commands wait for Redis", mayHaveRun: false)))
        case .refuse:
            completion(.failure(RedisError(.notConnected, lastFailure, mayHaveRun: false)))
        case .refuseClosed:
            completion(.failure(RedisError(.closed, "the client is closed", mayHaveRun: false)))
        }
    }

    func evaluate(_ call: RedisScriptCall, deadline: NIODeadline, completion: @escaping Completion) {
        let wanted = call.server
        send(call.command(digest: digests[call.script]), to: wanted, deadline: deadline) { [self] result in
            if case .failure(let error) = result, error.serverCode == "NOSCRIPT" {
                send(call.command(digest: nil), to: wanted, deadline: deadline, completion: completion)
            } else {
                completion(result)
            }
        }
    }

    func close() {
        state.close()
        let error = RedisError(.closed, "the client is closed", mayHaveRun: true)
        handler?.fail(error)
        handler = nil
        failPending(.failure(RedisError(.closed, error.message, mayHaveRun: false)))
    }

    // MARK: Opening

    private func perform(_ action: RedisConnectionState.Action) {
        switch action {
        case .connect:
            connect()
        case .rest(let failures):
            let delay = configuration.backoff.delay(failures: failures)
            eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(delay)) { self.perform(self.state.rested()) }
        case .none:
            break
        }
    }

    private func connect() {
        let handler: RedisChannelHandler
        do {
            handler = try RedisChannelHandler(
                limit: configuration.commandLimit, onMessage: configuration.subscription?.onMessage
            ) { [weak self] in self?.ended() }
        } catch {
            return attemptFailed(error.message)
        }
        let bound = NIOLoopBound(handler, eventLoop: eventLoop)
        let bootstrap = ClientBootstrap(group: eventLoop)
            .connectTimeout(configuration.connectTimeout)
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(bound.value)
                }
            }
        let opened =
            switch configuration.url.address {
            case .tcp(let host, let port): bootstrap.connect(host: host, port: port)
            case .unixSocket(let path): bootstrap.connect(unixDomainSocketPath: path)
            }
        opened.assumeIsolated().whenComplete { result in
            switch result {
            case .success(let channel):
                guard self.state.phase == .connecting else {
                    channel.close(promise: nil)
                    return
                }
                self.handler = handler
                self.performHandshake(handler)
            case .failure(let error):
                self.attemptFailed("cannot connect to \(Self.reason(error))")
            }
        }
    }

    /// Authenticates, selects the database and loads the scripts, all in one write.
    private func performHandshake(_ handler: RedisChannelHandler) {
        var commands: [(RedisCommand, (RESPValue) -> Void)] = []
        let url = configuration.url
        if let password = url.password {
            let command = url.user.map { RedisCommand("AUTH", $0, password) } ?? RedisCommand("AUTH", password)
            commands.append((command, { _ in }))
        }
        if url.database != 0 { commands.append((RedisCommand("SELECT", String(url.database)), { _ in })) }
        for script in configuration.scripts {
            commands.append((RedisCommand("SCRIPT", "LOAD", script.source), { self.digests[script] = $0.string }))
        }
        if configuration.subscription == nil {
            commands.append((RedisCommand("INFO", "server"), { self.server = Self.runID($0) }))
        }
        if let subscription = configuration.subscription {
            // One answer for each channel, so one command for each.
            for channel in subscription.channels { commands.append((RedisCommand("SUBSCRIBE", channel), { _ in })) }
        }
        commands.append((RedisCommand("PING"), { _ in self.stands() }))
        var hasFailed = false
        for (command, onSuccess) in commands {
            handler.send(command, deadline: .now() + configuration.connectTimeout) { result in
                guard !hasFailed, handler === self.handler else { return }
                switch result {
                case .success(let value):
                    onSuccess(value)
                case .failure(let error):
                    hasFailed = true
                    self.lastFailure = "the server refused the hand-shake: \(error.message)"
                    handler.fail(RedisError(.notConnected, self.lastFailure, mayHaveRun: false))
                }
            }
        }
    }

    private func stands() {
        if state.failures > 0 { logger.notice("Redis is back") }
        state.opened()
        let arrived = waiting
        waiting = []
        for item in arrived {
            if item.deadline <= .now() {
                item.completion(.failure(RedisError(.timeout, "no connection within the deadline", mayHaveRun: false)))
            } else {
                send(item.command, to: item.server, deadline: item.deadline, completion: item.completion)
            }
        }
        configuration.subscription?.onListening()
        if configuration.subscription != nil, let handler { beat(handler) }
    }

    /// A listener hears nothing from a server that is gone without a word; so it asks. An unanswered question ends the
    /// socket, and a new one is opened.
    private func beat(_ handler: RedisChannelHandler) {
        eventLoop.assumeIsolated().scheduleTask(in: configuration.heartbeat) { [weak self, weak handler] in
            guard let self, let handler, handler === self.handler else { return }
            handler.send(RedisCommand("PING"), deadline: .now() + self.configuration.commandTimeout) { _ in }
            self.beat(handler)
        }
    }

    /// A server process has one run id from its start to its end.
    private static func runID(_ info: RESPValue) -> String? {
        info.string?.split(whereSeparator: \.isNewline).first { $0.hasPrefix("run_id:") }
            .map { String($0.dropFirst("run_id:".count)) }
    }

    private func ended() {
        handler = nil
        server = nil
        if state.phase == .connecting {
            attemptFailed(lastFailure)
        } else {
            if state.phase == .ready { lastFailure = "the connection was lost" }
            perform(state.lost())
        }
    }

    private func attemptFailed(_ reason: String) {
        lastFailure = reason
        let action = state.lost()
        if state.failures == 1 {
            logger.warning("Redis is away; trying again until it answers", metadata: ["reason": "\(reason)"])
        }
        failPending(.failure(RedisError(.notConnected, reason, mayHaveRun: false)))
        perform(action)
    }

    /// What an operator needs to know of a failure to connect.
    private static func reason(_ error: any Error) -> String {
        switch error {
        case let error as NIOConnectionError:
            let cause = error.connectionErrors.first?.error ?? error.dnsAError ?? error.dnsAAAAError
            return "\(error.host):\(error.port): " + (cause.map(reason) ?? "no address")
        case let error as IOError:
            return String(cString: strerror(error.errnoCode))
        default:
            return "\(error)"
        }
    }

    private func failPending(_ result: Result<RESPValue, RedisError>) {
        let arrived = waiting
        waiting = []
        for item in arrived { item.completion(result) }
    }
}
