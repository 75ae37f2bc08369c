import Logging
import NIOCore

/// The state of a connection on its event loop: the socket, and the commands that wait for it.
final class RedisConnectionCore {
    typealias Completion = RedisChannelHandler.Completion

    /// A command that arrived while the connection was opening.
    private struct WaitingCommand {
        var command: RedisCommand
        var server: String?
        var deadline: NIODeadline
        var completion: Completion
    }

    let configuration: RedisConfiguration
    let eventLoop: any EventLoop
    let logger: Logger
    var state = RedisConnectionState()
    var handler: RedisChannelHandler?
    /// The run id of the server process at the other end; nil while there is no connection.
    var server: String?
    var digests: [RedisScript: String] = [:]
    var lastFailure = "not connected yet"
    /// The calls of this turn of the loop that wait for replicas.
    var volley: [VolleyCall] = []
    private var waiting: [WaitingCommand] = []

    init(configuration: RedisConfiguration, eventLoop: any EventLoop, logger: Logger) {
        self.configuration = configuration
        self.eventLoop = eventLoop
        self.logger = logger
    }

    /// Sends a command, keeps it until the connection is ready, or fails it, depending on the state of the connection.
    ///
    /// - Parameter wanted: the run id of the only server process that may run the command; nil for any.
    func send(
        _ command: RedisCommand, to wanted: String? = nil, deadline: NIODeadline, completion: @escaping Completion
    ) {
        switch state.admission {
        case .send where wanted != nil && wanted != server:
            completion(.failure(RedisError(.preconditionFailed, "another Redis server answers now", mayHaveRun: false)))
        case .send:
            handler?.send(command, deadline: deadline, completion: observed(completion))
        case .wait where waiting.count < configuration.commandLimit:
            waiting.append(
                WaitingCommand(command: command, server: wanted, deadline: deadline, completion: completion))
        case .wait:
            completion(.failure(RedisError(.overloaded, "too many commands wait for Redis", mayHaveRun: false)))
        case .refuse:
            completion(.failure(RedisError(.notConnected, lastFailure, mayHaveRun: false)))
        case .refuseClosed:
            completion(.failure(RedisError(.closed, "the client is closed", mayHaveRun: false)))
        }
    }

    /// Reports a failure before the command's own completion is called.
    private func observed(_ completion: @escaping Completion) -> Completion {
        guard let onFailure = configuration.onFailure else { return completion }
        let address = configuration.url.address
        return { result in
            if case .failure(let error) = result { onFailure(error, address) }
            completion(result)
        }
    }

    /// Sends the commands that waited for the connection, except those whose deadline has passed.
    func sendWaiting() {
        for item in takeWaiting() {
            if item.deadline <= .now() {
                item.completion(.failure(RedisError(.timeout, "no connection within the deadline", mayHaveRun: false)))
            } else {
                send(item.command, to: item.server, deadline: item.deadline, completion: item.completion)
            }
        }
    }

    func failWaiting(_ error: RedisError) {
        for item in takeWaiting() { item.completion(.failure(error)) }
    }

    private func takeWaiting() -> [WaitingCommand] {
        defer { waiting = [] }
        return waiting
    }
}
