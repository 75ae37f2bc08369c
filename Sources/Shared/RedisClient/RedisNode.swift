package import Logging
import NIOConcurrencyHelpers
package import NIOCore

/// One server: a pipelined connection for each event loop of a group.
package final class RedisNode: Sendable {
    package let address: RedisURL.Address
    package let connections: [RedisConnection]
    private enum Waiting {
        case none
        case open(RedisConnection)
        case closed
    }
    private let configuration: RedisConfiguration
    private let logger: Logger
    private let waitingBox = NIOLockedValueBox(Waiting.none)
    private let next = NIOLockedValueBox(0)

    /// Starts to open the connections, without waiting for them.
    package init(_ configuration: RedisConfiguration, group: any EventLoopGroup, logger: Logger) async throws {
        // All connections lose the same server, so only the first logs it.
        var quiet = logger
        quiet.logLevel = .critical
        address = configuration.url.address
        let waitingBox = waitingBox
        var first = configuration
        // Both lost the same server, and each has a backoff of its own.
        first.onReady = {
            if case .open(let waiting) = waitingBox.withLockedValue({ $0 }) { waiting.hurryOnLoop() }
        }
        var connections: [RedisConnection] = []
        for eventLoop in group.makeIterator() {
            connections.append(
                try await connections.isEmpty
                    ? .open(first, on: eventLoop, logger: logger) : .open(configuration, on: eventLoop, logger: quiet))
        }
        self.connections = connections
        self.configuration = configuration
        self.logger = quiet
    }

    /// The connection for calls that wait for replicas, so that no other command waits with them. It is on the first event
    /// loop, where this must be called, and is opened when it is needed first.
    package var waiting: RedisConnection {
        let first = connections[0]
        return waitingBox.withLockedValue { waiting in
            switch waiting {
            case .open(let connection): return connection
            case .closed: return first
            case .none:
                let connection = RedisConnection.openOnLoop(configuration, on: first.eventLoop, logger: logger)
                waiting = .open(connection)
                return connection
            }
        }
    }

    /// The connection of an event loop; nil if the loop is not of the group.
    package func connection(on eventLoop: any EventLoop) -> RedisConnection? {
        connections.first { $0.eventLoop === eventLoop }
    }

    /// The connection of the caller's event loop. Callers on other threads get the connections in turn.
    package var connection: RedisConnection {
        if let here = connections.first(where: { $0.eventLoop.inEventLoop }) { return here }
        let index = next.withLockedValue { index in
            index = (index + 1) % connections.count
            return index
        }
        return connections[index]
    }

    package func close() async {
        let waiting = waitingBox.withLockedValue { waiting in
            defer { waiting = .closed }
            return waiting
        }
        if case .open(let connection) = waiting { await connection.close() }
        for connection in connections { await connection.close() }
    }
}
