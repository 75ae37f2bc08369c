import Logging
import NIOCore
import NIOPosix
import Timing

/// Opening, loss and reopening of the socket.
extension RedisConnectionCore {
    func start() {
        perform(state.start())
    }

    /// Reopens the connection at once if it waits for its next attempt.
    func hurry() { perform(state.hurry()) }

    /// Closes the connection for good.
    func close() {
        state.close()
        handler?.fail(RedisError(.closed, "the client is closed", mayHaveRun: true))
        handler = nil
        failWaiting(RedisError(.closed, "the client is closed", mayHaveRun: false))
    }

    private func perform(_ action: RedisConnectionState.Action) {
        switch action {
        case .connect:
            connect()
        case .backOff(let failures):
            let delay = configuration.backoff.delay(failures: failures)
            eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(delay)) {
                self.perform(self.state.backoffDidElapse())
            }
        case .none:
            break
        }
    }

    private func connect() {
        let handler: RedisChannelHandler
        do {
            handler = try RedisChannelHandler(
                limit: configuration.commandLimit, onMessage: configuration.subscription?.onMessage
            ) { [weak self] in self?.didDisconnect() }
        } catch {
            return didFailToConnect(error.message)
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
        let connected =
            switch configuration.url.address {
            case .tcp(let host, let port): bootstrap.connect(host: host, port: port)
            case .unixSocket(let path): bootstrap.connect(unixDomainSocketPath: path)
            }
        connected.assumeIsolated().whenComplete { result in
            switch result {
            case .success(let channel):
                guard self.state.phase == .connecting else {
                    channel.close(promise: nil)
                    return
                }
                self.handler = handler
                self.performHandshake(handler)
            case .failure(let error):
                self.didFailToConnect("cannot connect to \(RedisError.reason(error))")
            }
        }
    }

    /// Sends the commands of the handshake in one write; the connection is ready after the last reply.
    private func performHandshake(_ handler: RedisChannelHandler) {
        var hasFailed = false
        for step in RedisHandshake.steps(configuration) {
            handler.send(step.command, deadline: .now() + configuration.connectTimeout) { result in
                guard !hasFailed, handler === self.handler else { return }
                switch result {
                case .success(let value):
                    switch step.effect {
                    case .none: break
                    case .scriptLoaded(let script): self.digests[script] = value.string
                    case .serverIdentified: self.server = RedisHandshake.runID(value)
                    case .ready: self.didBecomeReady()
                    }
                case .failure(let error):
                    hasFailed = true
                    self.configuration.onFailure?(error, self.configuration.url.address)
                    self.lastFailure = "the server refused the handshake: \(error.message)"
                    handler.fail(RedisError(.notConnected, self.lastFailure, mayHaveRun: false))
                }
            }
        }
    }

    private func didBecomeReady() {
        if state.failures > 0 { logger.notice("Redis is available again") }
        state.didBecomeReady()
        configuration.onReady?()
        sendWaiting()
        configuration.subscription?.onListening()
        if configuration.subscription != nil, let handler { scheduleHeartbeat(handler) }
    }

    /// A subscriber gets no error from a server that disappeared without closing the connection. So it sends PING;
    /// without a reply within the deadline the socket is closed, and the connection reopens.
    private func scheduleHeartbeat(_ handler: RedisChannelHandler) {
        eventLoop.assumeIsolated().scheduleTask(in: configuration.heartbeat) { [weak self, weak handler] in
            guard let self, let handler, handler === self.handler else { return }
            handler.send(RedisCommand("PING"), deadline: .now() + self.configuration.commandTimeout) { _ in }
            self.scheduleHeartbeat(handler)
        }
    }

    private func didDisconnect() {
        handler = nil
        server = nil
        if state.phase == .connecting {
            didFailToConnect(lastFailure)
        } else {
            if state.phase == .ready { lastFailure = "the connection was lost" }
            configuration.onFailure?(
                RedisError(.connectionLost, lastFailure, mayHaveRun: false), configuration.url.address)
            perform(state.didDisconnect())
        }
    }

    private func didFailToConnect(_ reason: String) {
        lastFailure = reason
        let action = state.didDisconnect()
        if state.failures == 1 {
            logger.warning("Redis is unavailable; retrying until it answers", metadata: ["reason": "\(reason)"])
        }
        let error = RedisError(.notConnected, reason, mayHaveRun: false)
        configuration.onFailure?(error, configuration.url.address)
        failWaiting(error)
        perform(action)
    }
}
